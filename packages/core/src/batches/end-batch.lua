-- Ends a batch whose chunks are all done: the only way into a terminal status. Its webhook is written in the same step.
-- KEYS  1 record   2 chunks   3 open batches of the version   4 retained batches   5 outbox   6 delivery
-- ARGV  1 id   2 status   3 time (ms)   4 record retention (ms)   5 channel of the batch
--       6 delivery id ('' for none)   7 tenant   8 URL   9 body
-- Returns 1 when ended, 0 when it has ended already or is not done.
local batch = redis.call('HMGET', KEYS[1], 'status', 'chunks', 'chunks_done')
if (batch[1] ~= 'finalizing' and batch[1] ~= 'cancelling') or batch[2] ~= batch[3] then
  return 0
end
redis.call('HSET', KEYS[1], 'status', ARGV[2], 'ended_at', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('ZADD', KEYS[4], ARGV[3], ARGV[1])
if ARGV[6] ~= '' then
  redis.call('HSET', KEYS[6], 'tenant', ARGV[7], 'url', ARGV[8], 'body', ARGV[9], 'after', '', 'state', 'pending',
    'created_at', ARGV[3])
  redis.call('ZADD', KEYS[5], ARGV[3], ARGV[6])
end
redis.call('PUBLISH', ARGV[5], ARGV[2])
return 1
