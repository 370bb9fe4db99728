-- All handles of a key have the same number of permits.
if permits ~= ARGV[1] then
  return redis.error_reply('MISMATCH has the value ' .. permits .. ', not ' .. ARGV[1])
end
