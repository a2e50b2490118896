-- Makes the queue job of an open prediction invalid, so that a new one can take its place.
-- KEYS  1 record
-- ARGV  1 the epoch that the caller saw
-- Returns 1 when advanced, 0 when the prediction ended or somebody else advanced it.
local found = redis.call('HMGET', KEYS[1], 'status', 'epoch')
if (found[1] ~= 'starting' and found[1] ~= 'processing') or found[2] ~= ARGV[1] then
  return 0
end
redis.call('HINCRBY', KEYS[1], 'epoch', 1)
return 1
