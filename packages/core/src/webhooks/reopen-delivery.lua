-- Has a delivery made again: one that has ended as from its beginning, one that waits for its next attempt at once.
-- KEYS  1 delivery   2 outbox
-- ARGV  1 delivery id   2 time (ms)   3 body where none is kept, or ''
-- Returns 'reopened', 'pending', 'no_body', or 'missing'.
local found = redis.call('HMGET', KEYS[1], 'state', 'body', 'attempts')
if not found[1] then
  return 'missing'
end
if found[1] == 'pending' then
  redis.call('HDEL', KEYS[1], 'next_at')
  return 'pending'
end
local body = found[2] or ARGV[3]
if body == '' then
  return 'no_body'
end
redis.call('HSET', KEYS[1], 'state', 'pending', 'body', body, 'after', '', 'earlier', found[3] or 0)
redis.call('PERSIST', KEYS[1])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
return 'reopened'
