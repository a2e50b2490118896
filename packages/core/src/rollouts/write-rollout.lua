-- Changes the rollout of a model unless somebody else did meanwhile, and tells its history in the same step.
-- KEYS  1 rollouts   2 history of the model   3 stops that are to be told
-- ARGV  1 model   2 revision that the caller saw (0 for none)   3 new rollout as JSON ('' removes it)
--       4 event as JSON   5 most events that are kept   6 delivery that tells of a stop, or ''
-- Returns 1 when written, 0 when the rollout is another by now.
local found = redis.call('HGET', KEYS[1], ARGV[1])
local revision = 0
if found then
  revision = cjson.decode(found).revision
end
if revision ~= tonumber(ARGV[2]) then
  return 0
end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
if ARGV[6] ~= '' then
  redis.call('HSET', KEYS[3], ARGV[6], ARGV[3])
end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[5], '*', 'event', ARGV[4])
return 1
