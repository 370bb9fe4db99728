-- Waiting at a key. A wait queue is a sorted set of tickets, scored by position: the server time of arrival in microseconds.
-- A ticket is `<channel>/<name>`; the process that waits under it subscribes to the channel. The name is a number, followed
-- by `C` on a cluster, and by `L<milliseconds>` for a wait that gets a lease: the length of the first lease. All other times
-- are server times in milliseconds.
local seconds, microseconds
local function now()
  if not seconds then
    seconds, microseconds = unpack(redis.call('TIME'))
  end
  return seconds * 1000 + math.floor(microseconds / 1000)
end

-- The end of a first lease that is not confirmed yet has this fraction of a millisecond; confirmed and renewed leases end at
-- a whole millisecond. See skip_stopped().
local UNCONFIRMED = 0.5

-- The length of a ticket's first lease, which its receiver renews or confirms; nil for a ticket without a lease.
local function first_lease(ticket)
  return tonumber(ticket:match('L(%d+)$'))
end

local function time_in_microseconds()
  now()
  return seconds * 1000000 + microseconds
end

local function first_in(wait_queue)
  return redis.call('ZRANGE', wait_queue, 0, 0)[1]
end

-- Publishes a message and returns the number of receivers. It is not replicated: a process that listens at a replica, or at
-- a former master, would receive what another process is given.
local function publish(channel, message)
  redis.set_repl(redis.REPL_NONE)
  local receivers = redis.call('PUBLISH', channel, message)
  redis.set_repl(redis.REPL_ALL)
  return receivers
end

-- Notifies the process that waits under a ticket; false when no process receives the message. The message carries the
-- result, and for a lease the server time and the lease length before it. On a cluster the message has no result and the
-- process polls instead: the cluster bus also delivers messages of nodes that no longer own the slot.
local function notify(ticket, result)
  local channel, name = ticket:match('^(.*)/(.*)$')
  local length = first_lease(ticket)
  local message = { name }
  if result and not name:find('C', 1, true) then
    message = length and { name, now(), length, result } or { name, result }
  end
  return publish(channel, table.concat(message, ' ')) > 0
end

-- Removes tickets from the wait queue up to and including the first whose process could be notified; returns that one.
local function next_in(wait_queue, result)
  local ticket = first_in(wait_queue)
  while ticket do
    local notified = notify(ticket, result)
    redis.call('ZREM', wait_queue, ticket)
    if notified then
      return ticket
    end
    ticket = first_in(wait_queue)
  end
end

-- Wait queues expire, so that nothing is left of processes that are gone: the other processes recheck often enough to renew
-- them.
local WAIT_QUEUE_KEPT = 3600000
local LONGEST_RECHECK = 1200000

-- Called when a lease is given: tells the processes in these wait queues to recheck when it ends, unless a recheck is
-- already scheduled no later than that.
local function schedule_recheck(ends, replies, ...)
  local recheck = redis.call('EXISTS', ...) > 0 and tonumber(redis.call('HGET', replies, 'recheck') or 0)
  if not recheck or (recheck > now() and recheck <= ends + 100) then
    return
  end
  local notified = {}
  for _, wait_queue in ipairs({ ... }) do
    for _, ticket in ipairs(redis.call('ZRANGE', wait_queue, 0, -1)) do
      local channel = ticket:match('^(.*)/')
      if not notified[channel] then
        notified[channel] = true
        publish(channel, string.format('recheck %d %s', ends - now(), KEYS[1]))
      end
    end
  end
  redis.call('HSET', replies, 'recheck', ends)
  if redis.call('PTTL', replies) < 0 then
    redis.call('PEXPIRE', replies, 120000)
  end
end

-- A process that did not confirm a first lease is stopped, or its machine is gone: all its tickets leave the wait queue, so
-- that nobody waits for each of them in turn. The process is notified: when it resumes, it polls and gets its positions
-- back. `ended` holds the tickets and scores of ended leases.
local function skip_stopped(wait_queue, ended)
  local stopped
  for index = 2, #ended, 2 do
    if tonumber(ended[index]) % 1 == UNCONFIRMED then
      stopped = stopped or {}
      stopped[ended[index - 1]:match('^(.*)/')] = true
    end
  end
  for _, ticket in ipairs(stopped and redis.call('ZRANGE', wait_queue, 0, -1) or {}) do
    if stopped[ticket:match('^(.*)/')] then
      redis.call('ZREM', wait_queue, ticket)
      notify(ticket)
    end
  end
end

-- Adds a ticket to a wait queue, unless it is there already. Returns the reply for a wait that goes on: its position, in how
-- many milliseconds to recheck (when the first lease ends, the scheduled recheck, or to renew the wait queues), whether the
-- ticket is new in the wait queue, the server time, and whether it is the first. A recheck renews all wait queues of the key, the remaining arguments.
local function enqueue(wait_queue, ticket, position, leases, replies, ...)
  local last
  if position == '' then
    last = tonumber(redis.call('ZREVRANGE', wait_queue, 0, 0, 'WITHSCORES')[2])
    position = math.max(time_in_microseconds(), (last or 0) + 1)
  end
  local is_new = redis.call('ZADD', wait_queue, 'NX', position, ticket)
  if is_new == 0 then
    position = redis.call('ZSCORE', wait_queue, ticket)
    for _, renewed in ipairs({ ... }) do
      redis.call('PEXPIRE', renewed, WAIT_QUEUE_KEPT)
    end
  elseif not last then
    redis.call('PEXPIRE', wait_queue, WAIT_QUEUE_KEPT)
  end
  local first = tonumber(redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')[2])
  local recheck = tonumber(redis.call('HGET', replies, 'recheck'))
  if recheck and recheck > now() and (not first or recheck < first) then
    first = recheck
  end
  local due = math.min(first and math.max(first - now(), 0) or LONGEST_RECHECK, LONGEST_RECHECK)
  local is_first = not last and first_in(wait_queue) == ticket
  return { 0, tonumber(position), due, is_new, now(), is_first and 1 or 0 }
end
