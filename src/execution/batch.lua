-- Many calls of one script as one call of this: the connection puts the script's source in front, as a function `call(KEYS,
-- ARGV)`. Answers what each answered; one that failed has an error there, as in a MULTI.
-- KEYS: those of all calls, one after another. ARGV: for each call how many keys (0: those of the call before), how many
-- arguments, and the arguments.
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
