-- Removes the record of a file, once: what its tenant has is counted down in the same step.
-- KEYS  1 record   2 files of the tenant   3 hash of what the tenant has
-- ARGV  1 id
-- Returns 1, or 0 when there was no record.
local size = redis.call('HGET', KEYS[1], 'size')
redis.call('ZREM', KEYS[2], ARGV[1])
if not size then
  return 0
end
redis.call('DEL', KEYS[1])
redis.call('HINCRBY', KEYS[3], 'files', -1)
redis.call('HINCRBY', KEYS[3], 'bytes', -size)
return 1
