-- Integer arithmetic with BigInt's results, within the safe integers. Any other result is an error and changes nothing. O(1).
-- KEYS: string (missing counts as 0). ARGV: operation, operand, further operand. Returns the new value; getAndSet
-- returns the old one, compareAndSet whether the string was set.
-- @bounded
local SAFE, WORD = 9007199254740991, 4294967296
local stored = redis.call('GET', KEYS[1]) or '0'
local n = stored:match('^-?%d+$') and tonumber(stored)
if not n or math.abs(n) > SAFE or string.format('%.0f', n) ~= stored or stored == '-0' then
  return redis.error_reply('CODEC does not hold a safe integer: replace() it with one')
end
local by = tonumber(ARGV[2])

-- Bitwise operations on infinite two's complement: the low 32 bits are computed apart from the rest, which has the sign.
local function bitwise(operate)
  local high, otherHigh = math.floor(n / WORD), math.floor(by / WORD)
  local low = operate(n - high * WORD, by - otherHigh * WORD) % WORD
  return operate(high, otherHigh) * WORD + low
end

local function power()
  local result, base, exponent = 1, n, by
  if math.abs(base) <= 1 then
    return (base == -1 and exponent % 2 == 1 and -1) or (base == 0 and exponent > 0 and 0) or 1
  end
  while exponent > 0 and math.abs(result) <= SAFE do
    result = result * base
    exponent = exponent - 1
  end
  return result
end

local function shift_left(places)
  if n == 0 then
    return 0
  elseif places >= 0 then
    return places > 60 and n * 2 ^ 60 or n * 2 ^ places
  end
  return places < -60 and (n < 0 and -1 or 0) or math.floor(n / 2 ^ -places)
end

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
    return (n - math.fmod(n, by)) / by
  end,
  remainder = function()
    return math.fmod(n, by)
  end,
  power = power,
  ['and'] = function()
    return bitwise(bit.band)
  end,
  ['or'] = function()
    return bitwise(bit.bor)
  end,
  xor = function()
    return bitwise(bit.bxor)
  end,
  shiftLeft = function()
    return shift_left(by)
  end,
  shiftRight = function()
    return shift_left(-by)
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
elseif math.abs(result) > SAFE then
  return redis.error_reply('OVERFLOW would be outside of the safe integers: it stays ' .. stored)
end
local text = string.format('%.0f', result == 0 and 0 or result)
redis.call('SET', KEYS[1], text, 'KEEPTTL')
if ARGV[1] == 'getAndSet' then
  return stored
end
return ARGV[1] == 'compareAndSet' and 1 or text
