-- Writes a new prediction record, unless there is one: creating twice is the same as creating once.
-- KEYS  1 record   2 open index of the version   3 counts of the version
--       4 due index; only where the prediction has an end in time
-- ARGV  1 id   2 creation time (ms)   3 where it has one: that time (ms)   then field, value of each
-- Returns how many open predictions of the version came before it, or -1 when the record was there already.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return -1
end
local first = 3
if KEYS[4] then
  redis.call('ZADD', KEYS[4], ARGV[3], ARGV[1])
  first = 4
end
redis.call('HSET', KEYS[1], unpack(ARGV, first))
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
redis.call('HINCRBY', KEYS[3], 'accepted', 1)
return redis.call('ZRANK', KEYS[2], ARGV[1])
