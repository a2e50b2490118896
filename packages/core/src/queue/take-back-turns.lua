-- Takes turns of waiting jobs back, of those that are served first before the others: their order stays, also between
-- two calls.
-- KEYS  1 BullMQ's sorted set of jobs that wait by priority
-- ARGV  1 what the keys of jobs begin with   2 how many turns   3 how many jobs at most   4 score to begin at
-- Returns how many jobs it was, and the score that the last of them had, at which the next call is to begin.
local unit = 4294967296
local turns = tonumber(ARGV[2])
local found = redis.call('ZRANGE', KEYS[1], ARGV[4], '+inf', 'BYSCORE', 'LIMIT', 0, ARGV[3], 'WITHSCORES')
for i = 1, #found, 2 do
  redis.call('ZADD', KEYS[1], tonumber(found[i + 1]) - turns * unit, found[i])
  -- Where BullMQ looks when it puts the job back.
  local job = ARGV[1] .. found[i]
  if redis.call('HEXISTS', job, 'priority') == 1 then
    redis.call('HINCRBY', job, 'priority', -turns)
  end
end
return { #found / 2, found[#found] or ARGV[4] }
