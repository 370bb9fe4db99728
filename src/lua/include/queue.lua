-- What all scripts of a queue share. KEYS: the items (a list); the lines of those who wait for an item, for space, and for
-- the end of all work; leases by their end; a hash of what is leased and what is waiting for space, by ticket, and the
-- maxsize; a hash of answers given, by ticket, in case they were lost; for unique items their set. ARGV[1]: FIFO or LIFO.
-- @include waiting
local items, getters, putters, joiners, leases, state, memory, members = unpack(KEYS)
local size = redis.call('LLEN', items)
local lifo = ARGV[1] == 'LIFO'

-- Keeps an answer until its receiver has told that it got it, a minute at most.
local function remember(ticket, answer)
  if ticket ~= '' then
    redis.call('HSET', memory, ticket, answer)
    redis.call('PEXPIRE', memory, 60000)
  end
end

local function forget(tickets, first)
  for index = first, #tickets do
    redis.call('HDEL', memory, tickets[index])
  end
end

local function lease(ticket, item, milliseconds)
  redis.call('ZADD', leases, now + milliseconds, ticket)
  redis.call('HSET', state, ticket, item)
  note(now + milliseconds, memory, getters, joiners)
end

-- Ends a lease and gives what was leased; nil when there is no such lease.
local function unlease(ticket)
  if redis.call('ZREM', leases, ticket) == 0 then
    return nil
  end
  local item = redis.call('HGET', state, ticket)
  redis.call('HDEL', state, ticket)
  return item
end

local function take()
  local item = redis.call(lifo and 'RPOP' or 'LPOP', items)
  if item then
    size = size - 1
    if members then
      redis.call('SREM', members, item)
    end
  end
  return item
end

local function push(command, item)
  redis.call(command, items, item)
  size = size + 1
  if members then
    redis.call('SADD', members, item)
  end
end

local function contains(item)
  return members and redis.call('SISMEMBER', members, item) == 1
end

-- Puts an item back where it is taken from next, unless it has been put again meanwhile.
local function put_back(item)
  if item and not contains(item) then
    push(lifo and 'RPUSH' or 'LPUSH', item)
  end
end

-- Adds an item that is not in the queue yet: hands it over if somebody waits for one.
local function add(item)
  local getter = size == 0 and next_in(getters)
  if getter then
    lease(getter, item, RESERVED)
  else
    push('RPUSH', item)
  end
end

local function has_space()
  local most = tonumber(redis.call('HGET', state, 'maxsize'))
  return not most or size < most
end

-- Puts back what is leased no longer, and gives items, space and the end of all work to those who wait for them.
local function settle()
  if redis.call('EXISTS', getters, putters, joiners, leases) == 0 then
    return
  end
  local ended = redis.call('ZRANGEBYSCORE', leases, '-inf', now)
  for index = #ended, 1, -1 do
    put_back(unlease(ended[index]))
  end
  while size > 0 do
    local getter = next_in(getters)
    if not getter then
      break
    end
    lease(getter, take(), RESERVED)
  end
  while has_space() do
    -- Of one that is gone nothing is put: it has not been told that it was.
    local putter = next_in(putters)
    if not putter then
      break
    end
    local item = redis.call('HGET', state, putter)
    redis.call('HDEL', state, putter)
    local known = contains(item)
    if not known then
      add(item)
    end
    remember(putter, known and 0 or 1)
  end
  if size == 0 and redis.call('EXISTS', leases) == 0 then
    for joiner in next_in, joiners do
      remember(joiner, 1)
    end
  end
end
