-- Sets a string if it still is what it was (a missing one counts as the text given for it). O(n). Keeps the time to live.
-- KEYS: string. ARGV: what it was, what it becomes, what a missing one counts as. Returns 'done', or false and what it is.
local text = redis.call('GET', KEYS[1]) or ARGV[3]
if text ~= ARGV[1] then
  return { false, text }
end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return { 'done' }
