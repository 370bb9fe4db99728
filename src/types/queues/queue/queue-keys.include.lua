-- KEYS: the items (a list); the wait queues for an item, for space, and for the end of all work; the leases, scored by their
-- end; a hash with the leased items and the items to be put, by ticket, and the maxsize; a hash with the cached replies, by
-- ticket; a key that never exists; for unique items their set. ARGV[1]: FIFO or LIFO.
-- @keys items getters putters joiners leases state replies guard members
local lifo = ARGV[1] == 'LIFO'
local anybody_waits = redis.call('EXISTS', getters, putters, joiners) > 0

-- Caches a reply until its process confirms that it has received it, for a minute after the last reply at most.
local function cache_reply(ticket, answer)
  if ticket ~= '' then
    redis.call('HSET', replies, ticket, answer)
    redis.call('PEXPIRE', replies, '60000')
  end
end
