-- Creates the delivery of an interim event once, if the prediction is still running under this claim.
-- KEYS  1 record   2 delivery   3 outbox
-- ARGV  1 token   2 delivery id   3 time (ms)   4 tenant   5 URL   6 'body' or 'body_key'   7 its value
--       8 delivery that comes before, or ''
-- Returns 1 when created, 0 otherwise.
local found = redis.call('HMGET', KEYS[1], 'status', 'token')
if found[1] ~= 'processing' or found[2] ~= ARGV[1] or redis.call('EXISTS', KEYS[2]) == 1 then
  return 0
end
redis.call('HSET', KEYS[2], 'tenant', ARGV[4], 'url', ARGV[5], ARGV[6], ARGV[7], 'after', ARGV[8],
  'state', 'pending', 'created_at', ARGV[3])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[2])
return 1
