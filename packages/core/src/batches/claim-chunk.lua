-- Hands a chunk to one worker: a fresh token fences off whoever held it before. What that one had counted is taken back.
-- KEYS  1 record   2 chunks
-- ARGV  1 chunk   2 epoch   3 token   4 time (ms)   5 version whose job it is, or '' for any
-- Returns 'claimed', 'stopped' when the batch ends without it, 'stale' when another job took over or the batch has no
-- such chunk or is of another version, 'done' or 'missing'.
local batch = redis.call('HMGET', KEYS[1], 'status', 'chunks', 'request')
local status = batch[1]
if not status then
  return 'missing'
end
-- The first version in a request is its own: what a caller may have written stands behind it.
local is_of_version = ARGV[5] == '' or string.match(batch[3], '"version":"(%x+)"') == ARGV[5]
if not is_of_version or tonumber(ARGV[1]) >= tonumber(batch[2]) then
  return 'stale'
end
local at = ARGV[1] .. ':'
local chunk = redis.call('HMGET', KEYS[2], at .. 'done', at .. 'epoch', at .. 'completed', at .. 'failed')
if chunk[1] then
  return 'done'
end
if (chunk[2] or '0') ~= ARGV[2] then
  return 'stale'
end
if chunk[3] then
  redis.call('HINCRBY', KEYS[1], 'completed', 0 - chunk[3])
  redis.call('HINCRBY', KEYS[1], 'failed', 0 - chunk[4])
  redis.call('HDEL', KEYS[2], at .. 'completed', at .. 'failed')
end
if status ~= 'in_progress' then
  redis.call('HSET', KEYS[2], at .. 'done', '0,0,')
  redis.call('HINCRBY', KEYS[1], 'chunks_done', 1)
  return 'stopped'
end
redis.call('HSET', KEYS[2], at .. 'token', ARGV[3])
redis.call('HSETNX', KEYS[1], 'started_at', ARGV[4])
return 'claimed'
