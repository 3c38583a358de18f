-- Stores a pointer and its place in the user's index, unless its writer was held up while its epoch ended.
-- KEYS: the pointer, the index, the fence. ARGV: the pointer, its life in milliseconds, its epoch, when it was issued, the digest.
-- Returns whether a writer who comes as late may still store something.
local life = tonumber(ARGV[2])
local epoch, at = string.match(redis.call('GET', KEYS[3]) or '', '^(%-?%d+):(%-?%d+)$')
if epoch and tonumber(ARGV[3]) < tonumber(epoch) and tonumber(ARGV[4]) <= tonumber(at) then
  return 0
end
if life < 1 then
  redis.call('DEL', KEYS[1])
  return 1
end
-- First of all the command that a full server refuses: it leaves nothing half done.
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[2], now + life, ARGV[5])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('PTTL', KEYS[2]) < life then
  redis.call('PEXPIRE', KEYS[2], ARGV[2])
end
return 1
