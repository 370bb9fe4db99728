-- Sets a field unless it is there. O(1).
-- @bounded
-- KEYS: hash. ARGV: field, value. Replies 'done', or false and what is there.
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 1 then
  return { 'done' }
end
return { false, redis.call('HGET', KEYS[1], ARGV[1]) }
