-- Counts a prediction among its tenant's open ones, unless the tenant has as many as it may have.
-- KEYS  1 set of the tenant's open predictions
-- ARGV  1 id   2 how many it may have (0: any number)
-- Returns how many it has now, or -1 when this one is too many.
local most = tonumber(ARGV[2])
if most > 0 and redis.call('SCARD', KEYS[1]) >= most and redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 0 then
  return -1
end
redis.call('SADD', KEYS[1], ARGV[1])
return redis.call('SCARD', KEYS[1])
