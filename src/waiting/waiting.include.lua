-- Waiting at a key. A line is a sorted set of tickets by their time of arrival; a ticket is `<channel>/<name>`, and the
-- process that waits under it listens on the channel. The name is a number, with `C` behind it on a cluster, and
-- `L<milliseconds>` for one who holds by lease: the lease of what is handed over to it. Times are milliseconds by the
-- server's clock.
local seconds, microseconds
local function now()
  if not seconds then
    seconds, microseconds = unpack(redis.call('TIME'))
  end
  return seconds * 1000 + math.floor(microseconds / 1000)
end

-- The lease of what is handed over to a ticket, until its receiver renews it or asks for it; nil when it does not hold by
-- lease.
local function first_lease(ticket)
  return tonumber(ticket:match('L(%d+)$'))
end

local function time_in_microseconds()
  now()
  return seconds * 1000000 + microseconds
end

local function first_in(line)
  return redis.call('ZRANGE', line, 0, 0)[1]
end

-- Tells the process that waits under a ticket; false when the process is gone. It is told the result, too; before that,
-- who holds by lease is told what time it is and for how long. On a cluster it has to ask: there a message also gets to
-- where it does not count, over the bus.
local function tell(ticket, result)
  local channel, name = ticket:match('^(.*)/(.*)$')
  local length = first_lease(ticket)
  local told = { name }
  if result and not name:find('C', 1, true) then
    told = length and { name, now(), length, result } or { name, result }
  end
  return redis.call('PUBLISH', channel, table.concat(told, ' ')) > 0
end

-- The first in line that could be told, out of the line.
local function next_in(line, result)
  local ticket = first_in(line)
  while ticket do
    local told = tell(ticket, result)
    redis.call('ZREM', line, ticket)
    if told then
      return ticket
    end
    ticket = first_in(line)
  end
end

-- A lease has been given: has the processes in these lines look when it has ended, if they would not in time anyway.
local function note(ends, memory, ...)
  local look = redis.call('EXISTS', ...) > 0 and tonumber(redis.call('HGET', memory, 'look') or 0)
  if not look or (look > now() and look <= ends + 100) then
    return
  end
  local told = {}
  for _, line in ipairs({ ... }) do
    for _, ticket in ipairs(redis.call('ZRANGE', line, 0, 999)) do
      local channel = ticket:match('^(.*)/')
      if not told[channel] then
        told[channel] = true
        redis.call('PUBLISH', channel, string.format('due %d %s', ends - now(), KEYS[1]))
      end
    end
  end
  redis.call('HSET', memory, 'look', ends)
  redis.call('PEXPIRE', memory, 60000)
end

-- Puts a ticket in line, if it is not there yet, and answers what one who has to wait is answered: since when it is in
-- line, in how many milliseconds to look again (when the first lease ends, or when all were told to; -1 for never),
-- whether it is new there, and what time it is.
local function enlist(line, ticket, arrival, leases, memory)
  if arrival == '' then
    local last = tonumber(redis.call('ZREVRANGE', line, 0, 0, 'WITHSCORES')[2]) or 0
    arrival = math.max(time_in_microseconds(), last + 1)
  end
  local is_new = redis.call('ZADD', line, 'NX', arrival, ticket)
  if is_new == 0 then
    arrival = redis.call('ZSCORE', line, ticket)
  end
  local first = tonumber(redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')[2])
  local look = tonumber(redis.call('HGET', memory, 'look'))
  if look and look > now() and (not first or look < first) then
    first = look
  end
  return { 0, tonumber(arrival), first and math.max(first - now(), 0) or -1, is_new, now() }
end
