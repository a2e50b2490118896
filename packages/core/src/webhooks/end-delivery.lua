-- Ends a delivery, after its last attempt where one was made now, and takes it out of the outbox. Its body stays only
-- where it may still be delivered by hand.
-- KEYS  1 delivery   2 outbox
-- ARGV  1 delivery id   2 state   3 retention (ms)   4 channel on which an event of its own is ended
--       5 attempts that are kept   then, where there was one: the attempt (JSON), its answer or ''
-- Returns the payload store's key of a body that nobody needs any more, or ''.
redis.call('ZREM', KEYS[2], ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 0 then
  return ''
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
  return ''
end
redis.call('HDEL', KEYS[1], 'next_at', 'held_by')
local body_key = ''
if ARGV[2] == 'delivered' or ARGV[2] == 'dropped' then
  body_key = redis.call('HGET', KEYS[1], 'body_key') or ''
  redis.call('HDEL', KEYS[1], 'body', 'body_key')
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if redis.call('HEXISTS', KEYS[1], 'once') == 1 then
  redis.call('PUBLISH', ARGV[4], ARGV[2])
end
return body_key
