-- Ends a delivery and takes it out of the outbox. Its body stays only where it may still be delivered by hand.
-- KEYS  1 delivery   2 outbox
-- ARGV  1 delivery id   2 state   3 attempts   4 retention (ms)
-- Returns 1, or 0 when the delivery is not kept any more.
redis.call('ZREM', KEYS[2], ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
redis.call('HSET', KEYS[1], 'state', ARGV[2], 'attempts', ARGV[3])
if ARGV[2] ~= 'exhausted' then
  redis.call('HDEL', KEYS[1], 'body')
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
