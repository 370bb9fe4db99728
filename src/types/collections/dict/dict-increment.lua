-- Adds to the number in a field and returns the sum. O(1).
-- KEYS: hash. ARGV: field, what to add, what a missing field counts as, 'whole' if it must hold a whole number.
-- @bounded
-- @include number
local stored = redis.call('HGET', KEYS[1], ARGV[1]) or ARGV[3]
local current = number_of(stored)
if not current or (ARGV[4] == 'whole' and current ~= math.floor(current)) then
  return redis.error_reply('CODEC field \'' .. ARGV[1] .. '\' does not hold a ' .. (ARGV[4] or 'finite') .. ' number: set one first')
end
local sum = current + tonumber(ARGV[2])
local whole = sum == math.floor(sum)
if sum - sum ~= 0 or (whole and math.abs(sum) > 9007199254740991) then
  return redis.error_reply('OVERFLOW field \'' .. ARGV[1] .. '\' would be ' .. string.format('%.17g', sum) .. ', which is past what a number holds exactly: it stays ' .. stored)
end
local text = number_text(sum)
redis.call('HSET', KEYS[1], ARGV[1], text)
return text
