-- Deletes pointers of a user and their places in the index, and raises the fence.
-- KEYS: the index, the fence. ARGV: what comes before a digest in the key of a pointer; then, each empty when it does not
-- matter: the session, before when it was issued, before which epoch, the session that stays; then when that epoch began, and how
-- long its fence stands in milliseconds.
local prefix, only, before, epoch, keep = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
for _, digest in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local pointer = redis.call('GET', prefix .. digest) or ''
  local session, of, issued = string.match(pointer, '^([^:]+):(%-?%d+):(%-?%d+):')
  local ended = not session
    or (only == '' or session == only)
      and (not before or tonumber(issued) < before)
      and (not epoch or tonumber(of) < epoch)
      and session ~= keep
  if ended then
    redis.call('DEL', prefix .. digest)
    redis.call('ZREM', KEYS[1], digest)
  end
end
local life = tonumber(ARGV[7])
if epoch and life >= 1 then
  local at = tonumber(ARGV[6])
  local former, since = string.match(redis.call('GET', KEYS[2]) or '', '^(%-?%d+):(%-?%d+)$')
  if former then
    epoch, at = math.max(epoch, tonumber(former)), math.max(at, tonumber(since))
  end
  life = math.max(life, redis.call('PTTL', KEYS[2]))
  redis.call('SET', KEYS[2], string.format('%.0f:%.0f', epoch, at), 'PX', string.format('%.0f', life))
end
return 1
