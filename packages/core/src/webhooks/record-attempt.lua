-- Notes an attempt of a delivery, unless the delivery was removed meanwhile.
-- KEYS  1 delivery
-- ARGV  1 the attempt (JSON)   2 its answer, or ''   3 when the next one is due (ms)   4 attempts that are kept
-- Returns 1, or 0 when the delivery is not kept any more.
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
local number = redis.call('HINCRBY', KEYS[1], 'attempts', 1)
redis.call('HSET', KEYS[1], 'attempt:' .. number, ARGV[1], 'answer', ARGV[2], 'next_at', ARGV[3])
redis.call('HDEL', KEYS[1], 'held_by')
if number > tonumber(ARGV[4]) then
  redis.call('HDEL', KEYS[1], 'attempt:' .. (number - ARGV[4]))
end
return 1
