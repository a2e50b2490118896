-- Stops a batch: chunks that no worker holds are closed without results, the others close themselves.
-- KEYS  1 record   2 chunks
-- ARGV  1 id   2 reason   3 status from now on   4 time (ms)   5 canceled channel   6 channel of the batch
-- Returns 1 when stopped, 0 when it was not in progress any more.
local batch = redis.call('HMGET', KEYS[1], 'status', 'chunks')
if batch[1] ~= 'in_progress' then
  return 0
end
redis.call('HSET', KEYS[1], 'status', ARGV[3], 'stop', ARGV[2], 'stopped_at', ARGV[4])
for chunk = 0, batch[2] - 1 do
  local found = redis.call('HMGET', KEYS[2], chunk .. ':done', chunk .. ':token')
  if not found[1] and not found[2] then
    redis.call('HSET', KEYS[2], chunk .. ':done', '0,0,')
    redis.call('HINCRBY', KEYS[1], 'chunks_done', 1)
  end
end
redis.call('PUBLISH', ARGV[5], ARGV[1])
redis.call('PUBLISH', ARGV[6], ARGV[3])
return 1
