-- Writes a new batch record, unless there is one, and takes its chunks over from the uploads.
-- KEYS  1 record   2 open batches of the version   3 uploads
-- ARGV  1 id   2 creation time (ms)   3 folder of its chunks   4… field, value
-- Returns 1 when created, 0 when the record was there already.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[3])
return 1
