-- Charges a prediction with a runner that died while it ran alone.
-- KEYS  1 record
-- ARGV  1 token
-- Returns its charges so far, or 0 when it ended or was claimed again.
local found = redis.call('HMGET', KEYS[1], 'status', 'token')
if found[1] ~= 'processing' or found[2] ~= ARGV[1] then
  return 0
end
return redis.call('HINCRBY', KEYS[1], 'crashes', 1)
