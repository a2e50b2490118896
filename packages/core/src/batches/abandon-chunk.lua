-- Closes a chunk that cannot be worked on: its lines have failed.
-- KEYS  1 record   2 chunks
-- ARGV  1 chunk   2 the epoch that the caller saw   3 its lines   4 error code   5 time (ms)   6 channel of the batch
-- Returns 1 when closed, 0 when it is done or was given to another job.
local at = ARGV[1] .. ':'
local chunk = redis.call('HMGET', KEYS[2], at .. 'done', at .. 'epoch', at .. 'completed', at .. 'failed')
if chunk[1] or (chunk[2] or '0') ~= ARGV[2] then
  return 0
end
redis.call('HINCRBY', KEYS[1], 'completed', 0 - (chunk[3] or 0))
redis.call('HINCRBY', KEYS[1], 'failed', ARGV[3] - (chunk[4] or 0))
redis.call('HSET', KEYS[2], at .. 'done', '0,0,' .. ARGV[4])
local done = redis.call('HINCRBY', KEYS[1], 'chunks_done', 1)
local batch = redis.call('HMGET', KEYS[1], 'chunks', 'status')
if done == tonumber(batch[1]) and batch[2] == 'in_progress' then
  redis.call('HSET', KEYS[1], 'status', 'finalizing', 'stopped_at', ARGV[5])
end
redis.call('PUBLISH', ARGV[6], 'written')
return 1
