-- Has a delivery made again: one that has ended as from its beginning, one that waits for its next attempt at once.
-- KEYS  1 delivery   2 outbox
-- ARGV  1 delivery id   2 time (ms)   3 'body' or 'body_key', for where none is kept, or ''   4 its value
-- Returns 'reopened', 'pending', 'no_body', or 'missing'.
local found = redis.call('HMGET', KEYS[1], 'state', 'body', 'attempts', 'body_key')
if not found[1] then
  return 'missing'
end
if found[1] == 'pending' then
  redis.call('HDEL', KEYS[1], 'next_at', 'held_by')
  return 'pending'
end
if not found[2] and not found[4] then
  if ARGV[3] == '' then
    return 'no_body'
  end
  redis.call('HSET', KEYS[1], ARGV[3], ARGV[4])
end
redis.call('HSET', KEYS[1], 'state', 'pending', 'after', '', 'job', '', 'earlier', found[3] or 0)
redis.call('PERSIST', KEYS[1])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
return 'reopened'
