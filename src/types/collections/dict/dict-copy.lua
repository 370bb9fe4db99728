-- Copies a hash, its time to live included, over another key; a missing hash deletes that key. Copied over itself, the hash
-- stays as it is. O(n).
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
