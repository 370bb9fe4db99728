-- Renames the value in the staging key to its key if nothing is at the key; deletes it otherwise. O(1), or O(n) in what is deleted.
-- KEYS: key, staging key, a key that never exists, further keys that count as the value being there.
if redis.call('EXISTS', KEYS[1], unpack(KEYS, 3)) == 0 and redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('RENAME', KEYS[2], KEYS[1])
else
  redis.call('DEL', KEYS[2])
end
