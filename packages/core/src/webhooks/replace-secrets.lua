-- Stores a tenant's secrets if they are still as they were read.
-- KEYS  1 secrets
-- ARGV  1 text that was read, or ''   2 text to store
-- Returns 1 when stored, 0 when somebody else changed them.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
