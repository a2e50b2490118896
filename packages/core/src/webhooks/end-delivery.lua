-- Ends a delivery, after its last attempt where one was made now, and takes it out of the outbox. Its body stays only
-- where it may still be delivered by hand.
-- KEYS  1 delivery   2 outbox
-- ARGV  1 delivery id   2 state   3 retention (ms)   4 channel on which an event of its own is ended
--       5 attempts that are kept   then, where there was one: the attempt (JSON), its answer or ''
-- Returns 1, or 0 when the delivery is not kept any more.
redis.call('ZREM', KEYS[2], ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
-- Who was held up in its attempt must not undo what another brought about meanwhile.
local isOpen = redis.call('HGET', KEYS[1], 'state') == 'pending'
if isOpen then
  redis.call('HSET', KEYS[1], 'state', ARGV[2])
end
if ARGV[6] then
  local number = redis.call('HINCRBY', KEYS[1], 'attempts', 1)
  redis.call('HSET', KEYS[1], 'attempt:' .. number, ARGV[6], 'answer', ARGV[7])
  if number > tonumber(ARGV[5]) then
    redis.call('HDEL', KEYS[1], 'attempt:' .. (number - ARGV[5]))
  end
end
if not isOpen then
  return 1
end
redis.call('HDEL', KEYS[1], 'next_at')
if ARGV[2] == 'delivered' or ARGV[2] == 'dropped' then
  redis.call('HDEL', KEYS[1], 'body')
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if redis.call('HEXISTS', KEYS[1], 'once') == 1 then
  redis.call('PUBLISH', ARGV[4], ARGV[2])
end
return 1
