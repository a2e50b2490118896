-- Writes the record of a file that is stored, if its tenant may have one more of this size.
-- KEYS  1 record   2 files of the tenant   3 hash of what the tenant has
-- ARGV  1 id   2 record   3 size (bytes)   4 most files   5 most bytes of all files
-- Returns 'created', 'too_many' or 'too_large'.
local size = tonumber(ARGV[3])
local used = redis.call('HMGET', KEYS[3], 'files', 'bytes')
if tonumber(used[1] or 0) + 1 > tonumber(ARGV[4]) then
  return 'too_many'
end
if tonumber(used[2] or 0) + size > tonumber(ARGV[5]) then
  return 'too_large'
end
redis.call('HINCRBY', KEYS[3], 'files', 1)
redis.call('HINCRBY', KEYS[3], 'bytes', size)
redis.call('ZADD', KEYS[2], 0, ARGV[1])
redis.call('HSET', KEYS[1], 'record', ARGV[2], 'size', size)
return 'created'
