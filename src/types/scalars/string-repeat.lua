-- Writes a string several times over, to itself or to another key. O(n * times). A string written to itself keeps its time
-- to live.
-- KEYS: string, target. ARGV: times, text to append first.
local text = (redis.call('GET', KEYS[1]) or '') .. ARGV[2]
local times = tonumber(ARGV[1])
if #text * times > 536870912 then
  return redis.error_reply('OVERFLOW would be longer than the 512 MB that a string can hold')
end
-- Lua's rep() loops over all times even if the text is empty.
local repeated = text == '' and text or text:rep(times)
if KEYS[1] == KEYS[2] then
  if redis.call('EXISTS', KEYS[1]) == 1 then
    redis.call('SET', KEYS[2], repeated, 'KEEPTTL')
  end
else
  redis.call('SET', KEYS[2], repeated)
end
