-- Counts what a chunk has come to, and closes it when its results are stored.
-- KEYS  1 record   2 chunks
-- ARGV  1 chunk   2 token   3 completed lines of the chunk   4 failed ones
--       5 where its results are: '<files of results>,<files of errors>,<token>', or '' while it goes on
--       6 time (ms)   7 channel of the batch
-- Returns 'written', 'last' when no chunk is left, or 'fenced' when it was claimed again or is done.
local at = ARGV[1] .. ':'
local chunk = redis.call('HMGET', KEYS[2], at .. 'done', at .. 'token', at .. 'completed', at .. 'failed')
if chunk[1] or chunk[2] ~= ARGV[2] then
  return 'fenced'
end
redis.call('HINCRBY', KEYS[1], 'completed', ARGV[3] - (chunk[3] or 0))
redis.call('HINCRBY', KEYS[1], 'failed', ARGV[4] - (chunk[4] or 0))
redis.call('HSET', KEYS[2], at .. 'completed', ARGV[3], at .. 'failed', ARGV[4])
local outcome = 'written'
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[2], at .. 'done', ARGV[5])
  local done = redis.call('HINCRBY', KEYS[1], 'chunks_done', 1)
  local batch = redis.call('HMGET', KEYS[1], 'chunks', 'status')
  if done == tonumber(batch[1]) then
    outcome = 'last'
    if batch[2] == 'in_progress' then
      redis.call('HSET', KEYS[1], 'status', 'finalizing', 'stopped_at', ARGV[6])
    end
  end
end
redis.call('PUBLISH', ARGV[7], outcome)
return outcome
