-- Takes a delivery out of the dead letters, unless it was given up once more.
-- KEYS  1 dead letters
-- ARGV  1 delivery id   2 when it was given up (ms), as the caller saw it
-- Returns 1 when taken out, 0 otherwise.
local found = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not found or tonumber(found) ~= tonumber(ARGV[2]) then
  return 0
end
return redis.call('ZREM', KEYS[1], ARGV[1])
