-- Runs one command with each of several arguments, and replies with the reply of each; one that failed has its error there.
-- KEYS: the key. ARGV: the name of the command, the arguments.
local replies = {}
for index = 2, #ARGV do
  replies[index - 1] = redis.pcall(ARGV[1], KEYS[1], ARGV[index])
end
return replies
