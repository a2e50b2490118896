-- Deletes a string that is still what the caller saw.
-- KEYS  1 key
-- ARGV  1 what it saw
-- Returns 1 when deleted, 0 when it changed meanwhile.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
