-- Notes why a delivery cannot be tried by no fault of its receiver, and when that is looked at again. Counts no attempt.
-- KEYS  1 delivery
-- ARGV  1 what holds it up   2 when that is looked at again (ms)
-- Returns 1, or 0 when it is not open (any more).
if redis.call('HGET', KEYS[1], 'state') ~= 'pending' then
  return 0
end
redis.call('HSET', KEYS[1], 'held_by', ARGV[1], 'next_at', ARGV[2])
return 1
