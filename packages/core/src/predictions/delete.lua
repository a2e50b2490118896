-- Removes an ended prediction and every delivery that tells of it.
-- KEYS  1 record   2 retained index   3 outbox   4 due index   5… deliveries
-- ARGV  1 id   2… delivery ids, in the order of their keys
-- Returns 'deleted', 'open' when it has not ended, or 'missing'.
local status = redis.call('HGET', KEYS[1], 'status')
if not status then
  return 'missing'
end
if status == 'starting' or status == 'processing' then
  return 'open'
end
redis.call('DEL', KEYS[1], unpack(KEYS, 5))
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('ZREM', KEYS[3], unpack(ARGV, 2))
return 'deleted'
