-- KEYS: the items (a list); the lines of those who wait for an item, for space, and for the end of all work; leases by
-- their end; a hash of what is leased and what is waiting for space, by ticket, and the maxsize; a hash of answers given,
-- by ticket, in case they were lost; a key that never exists; for unique items their set. ARGV[1]: FIFO or LIFO.
-- @keys items getters putters joiners leases state memory guard members
local lifo = ARGV[1] == 'LIFO'
local anybody_waits = redis.call('EXISTS', getters, putters, joiners) > 0

-- Keeps an answer until its receiver has told that it got it, a minute at most.
local function remember(ticket, answer)
  if ticket ~= '' then
    redis.call('HSET', memory, ticket, answer)
    redis.call('PEXPIRE', memory, '60000')
  end
end
