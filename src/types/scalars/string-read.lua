-- Reads from a string by JavaScript's positions. In ASCII text positions are bytes, and the answer is found here; other
-- text is returned as a whole, for JavaScript to examine. O(n).
-- KEYS: string. ARGV: 'length'; or 'at', position; or 'slice', start, end ('' for none); or 'indexOf', text, from.
-- Returns the answer and false, or false and the text.
local text = redis.call('GET', KEYS[1]) or ''
local operation = ARGV[1]
if text:find('[\128-\255]') then
  return { false, text }
end
if operation == 'length' then
  return { #text, false }
elseif operation == 'indexOf' then
  return { (text:find(ARGV[2], math.min(tonumber(ARGV[3]), #text) + 1, true) or 0) - 1, false }
end
local length = #text
local function resolved(position)
  if position < 0 then
    return math.max(length + position, 0)
  end
  return math.min(position, length)
end
if operation == 'at' then
  local position = tonumber(ARGV[2])
  position = position < 0 and length + position or position
  return { position >= 0 and text:sub(position + 1, position + 1) or '', false }
end
local start, stop = resolved(tonumber(ARGV[2])), ARGV[3] == '' and length or resolved(tonumber(ARGV[3]))
return { text:sub(start + 1, stop), false }
