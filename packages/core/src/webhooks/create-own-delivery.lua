-- Creates the delivery of an event that no prediction has, once.
-- KEYS  1 delivery   2 outbox
-- ARGV  1 delivery id   2 time (ms)   3 tenant   4 URL   5 body   6 '' or how long it is kept where it is tried once (ms)
-- Returns 1 when created, 0 when it is there already.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
redis.call('HSET', KEYS[1], 'tenant', ARGV[3], 'url', ARGV[4], 'body', ARGV[5], 'after', '',
  'state', 'pending', 'created_at', ARGV[2])
if ARGV[6] == '' then
  redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
else
  redis.call('HSET', KEYS[1], 'once', '1')
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
end
return 1
