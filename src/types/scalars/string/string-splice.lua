-- Replaces part of a string. ASCII text is changed here, and 'done' returned; other text stays and is returned, for
-- JavaScript to change. O(n). Keeps the time to live.
-- KEYS: string. ARGV: start (negative from the end), how many to remove, text to insert, 'inside' if start must be the
-- position of a code unit.
local text = redis.call('GET', KEYS[1]) or ''
if text:find('[\128-\255]') or ARGV[3]:find('[\128-\255]') then
  return { false, text }
end
local start, length = tonumber(ARGV[1]), #text
if ARGV[4] == 'inside' and (start >= length or start < -length) then
  return redis.error_reply('ERR index out of range')
end
if start < 0 then
  start = math.max(length + start, 0)
end
start = math.min(start, length)
local removed = math.max(math.min(tonumber(ARGV[2]), length - start), 0)
if length - removed + #ARGV[3] > 536870912 then
  return redis.error_reply('OVERFLOW would be longer than the 512 MB that a string can hold')
end
if removed == #ARGV[3] and removed > 0 then
  redis.call('SETRANGE', KEYS[1], start, ARGV[3])
elseif removed > 0 or #ARGV[3] > 0 then
  redis.call('SET', KEYS[1], text:sub(1, start) .. ARGV[3] .. text:sub(start + removed + 1), 'KEEPTTL')
end
return { 'done' }
