-- Runs several calls of one script as one. The connection prepends the script's source as a function `call(KEYS, ARGV)`.
-- Replies with the reply of each call; a call that failed has its error there, as in a MULTI.
-- KEYS: the keys of all calls, one call after another. ARGV: for each call the number of keys (0: the keys of the call
-- before), the number of arguments, and the arguments.
local replies, number, keys, from, at = {}, 0, {}, 0, 0
while at < #ARGV do
  local own, count, args = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), {}
  if own > 0 then
    keys = {}
    for index = 1, own do
      keys[index] = KEYS[from + index]
    end
    from = from + own
  end
  for index = 1, count do
    args[index] = ARGV[at + 2 + index]
  end
  at = at + 2 + count
  local done, reply = pcall(call, keys, args)
  if not done and type(reply) ~= 'table' then
    reply = redis.error_reply('ERR ' .. reply)
  end
  number = number + 1
  replies[number] = reply or false
end
return replies
