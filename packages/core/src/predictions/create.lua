-- Writes new prediction records of one version, but for those that are there: creating twice is the same as creating once.
-- KEYS  1 open index of the version   2 counts of the version   3 due index   4… record of each
-- ARGV  for each: id, creation time (ms), end in time (ms) or '', how many fields and values follow, then these
-- Returns a list with, for each: how many open predictions of the version came before it, or -1 when its record was
-- there already.
local positions = {}
local created, at = 0, 1
for i = 4, #KEYS do
  local id, due_at, width = ARGV[at], ARGV[at + 2], tonumber(ARGV[at + 3])
  if redis.call('EXISTS', KEYS[i]) == 1 then
    positions[i - 3] = -1
  else
    redis.call('HSET', KEYS[i], unpack(ARGV, at + 4, at + 3 + width))
    redis.call('ZADD', KEYS[1], ARGV[at + 1], id)
    if due_at ~= '' then
      redis.call('ZADD', KEYS[3], due_at, id)
    end
    positions[i - 3] = redis.call('ZRANK', KEYS[1], id)
    created = created + 1
  end
  at = at + 4 + width
end
if created > 0 then
  redis.call('HINCRBY', KEYS[2], 'accepted', created)
end
return positions
