-- All handles of a key must have the same permit count.
if permits ~= ARGV[1] then
  return redis.error_reply('MISMATCH has the value ' .. permits .. ', not ' .. ARGV[1])
end
