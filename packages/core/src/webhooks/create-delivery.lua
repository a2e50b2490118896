-- Creates the delivery of an interim event once, if the prediction is still running under this claim.
-- KEYS  1 record   2 delivery   3 outbox
-- ARGV  1 token   2 delivery id   3 URL   4 body   5 time (ms)
-- Returns 1 when created, 0 otherwise.
local found = redis.call('HMGET', KEYS[1], 'status', 'token')
if found[1] ~= 'processing' or found[2] ~= ARGV[1] or redis.call('EXISTS', KEYS[2]) == 1 then
  return 0
end
redis.call('HSET', KEYS[2], 'url', ARGV[3], 'body', ARGV[4], 'state', 'pending', 'created_at', ARGV[5])
redis.call('ZADD', KEYS[3], ARGV[5], ARGV[2])
return 1
