-- Writes a string that is still what the caller saw.
-- KEYS  1 key
-- ARGV  1 what it saw   2 new value   3 time to live (ms)
-- Returns 1 when written, 0 when it changed meanwhile.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
