-- Makes the job of a chunk invalid, so that a new one can take its place.
-- KEYS  1 chunks
-- ARGV  1 chunk   2 the epoch that the caller saw
-- Returns 1 when advanced, 0 when the chunk is done or somebody else advanced it.
local at = ARGV[1] .. ':'
local chunk = redis.call('HMGET', KEYS[1], at .. 'done', at .. 'epoch')
if chunk[1] or (chunk[2] or '0') ~= ARGV[2] then
  return 0
end
redis.call('HINCRBY', KEYS[1], at .. 'epoch', 1)
return 1
