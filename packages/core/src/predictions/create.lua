-- Writes a new prediction record, unless there is one: creating twice is the same as creating once.
-- KEYS  1 record   2 open index of the version   3 counts of the version
-- ARGV  1 id   2 creation time (ms)   3… field, value
-- Returns how many open predictions of the version came before it, or -1 when the record was there already.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return -1
end
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
redis.call('HINCRBY', KEYS[3], 'accepted', 1)
return redis.call('ZRANK', KEYS[2], ARGV[1])
