-- Writes a string where there is none.
-- KEYS  1 key
-- ARGV  1 value   2 time to live (ms)
-- Returns what was there already, or false when it is written.
local found = redis.call('GET', KEYS[1])
if not found then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return found
