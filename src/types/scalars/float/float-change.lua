-- Arithmetic on doubles with JavaScript's results, bit for bit. A result that is not finite is an error and changes nothing.
-- O(1).
-- KEYS: string (missing counts as 0). ARGV: operation, operand, further operand (as JavaScript writes them). Returns the new
-- value; getAndSet returns the old one, compareAndSet whether the string was set.
-- @bounded
-- @include number
local stored = redis.call('GET', KEYS[1]) or '0'
local decimal = stored:match('^-?%d+%.?%d*$') or stored:match('^-?%d+%.?%d*[eE][-+]?%d+$')
local n = decimal and tonumber(stored)
if not n or n - n ~= 0 then
  return redis.error_reply('CODEC does not hold a finite number: replace() it with one')
end
local by = tonumber(ARGV[2])

local operations = {
  increment = function()
    return n + by
  end,
  decrement = function()
    return n - by
  end,
  multiply = function()
    return n * by
  end,
  divide = function()
    return n / by
  end,
  remainder = function()
    return math.fmod(n, by)
  end,
  getAndSet = function()
    return by
  end,
  compareAndSet = function()
    return n == by and tonumber(ARGV[3]) or nil
  end
}

local result = operations[ARGV[1]]()
if not result then
  return 0
elseif result - result ~= 0 then
  return redis.error_reply('OVERFLOW would not be a finite number: it stays ' .. stored)
end
local text = (result == 0 and 1 / result < 0) and '-0' or number_text(result)
redis.call('SET', KEYS[1], text, 'KEEPTTL')
if ARGV[1] == 'getAndSet' then
  return stored
end
return ARGV[1] == 'compareAndSet' and 1 or text
