-- Sets a string if it is unchanged (a missing one counts as the given text). O(n). Keeps the time to live.
-- KEYS: string. ARGV: the expected text, the new text, the text of a missing string. Returns 'done', or false and the
-- current text.
local text = redis.call('GET', KEYS[1]) or ARGV[3]
if text ~= ARGV[1] then
  return { false, text }
end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return { 'done' }
