-- Copies a hash, its time to live included, over another key; over itself it stays as it is. A hash that is not there empties the other. O(n).
-- KEYS: hash, copy.
-- @slow
redis.call('HLEN', KEYS[1])
redis.call('HLEN', KEYS[2])
if KEYS[1] == KEYS[2] then
  return
end
if redis.call('COPY', KEYS[1], KEYS[2], 'REPLACE') == 0 then
  redis.call('DEL', KEYS[2])
end
