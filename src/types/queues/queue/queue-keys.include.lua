-- KEYS: the items (a list); the wait queues for an item, for space, and for the end of all work; the leases, scored by their
-- end; a hash with the leased items, by ticket; a hash with the maxsize, the items of waiting puts, by ticket, and the
-- surplus of the members; a hash with the number of returns, by item; a hash with the cached replies, by ticket; a key that
-- never exists; for unique items their set. ARGV[1]: FIFO or LIFO.
-- @keys items getters putters joiners leases state bound returned replies guard members
local lifo = ARGV[1] == 'LIFO'
-- Nobody waits, and no item has come back: fast paths apply.
local quiet = redis.call('EXISTS', getters, putters, joiners, returned) == 0

-- Milliseconds after which unused settings and members expire.
local SETTINGS_KEPT = 86400000
-- Milliseconds between two sweeps of the cached replies.
local SWEEP_INTERVAL = 60000

-- Deletes the cached replies that the sweep before has found, and notes those that are there now.
local function sweep_replies()
  for ticket in (redis.call('HGET', replies, 'swept') or ''):gmatch('%S+') do
    redis.call('HDEL', replies, ticket)
  end
  redis.call('HDEL', replies, 'swept')
  local found = {}
  for _, field in ipairs(redis.call('HKEYS', replies)) do
    if field ~= 'recheck' then
      found[#found + 1] = field
    end
  end
  redis.call('HSET', replies, 'swept', table.concat(found, ' '))
  redis.call('PEXPIRE', replies, 2 * SWEEP_INTERVAL)
end

-- Caches a reply until its process confirms that it has received it: for at least a minute, and three at most.
local function cache_reply(ticket, answer)
  if ticket == '' then
    return
  end
  redis.call('HSET', replies, ticket, answer)
  if redis.call('PTTL', replies) < SWEEP_INTERVAL then
    sweep_replies()
  end
end
