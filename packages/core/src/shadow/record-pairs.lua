-- Adds pairs to what is known of a shadow. A prediction counts once for a trial, however often it was repeated.
-- KEYS  1 counts of the shadow (hash)   2 its newest pairs (list)   3 its worst pairs (sorted set)   then the record of each
-- ARGV  1 trial   2 time to live (ms)   3 newest pairs that are kept   4 worst pairs that are kept
--       then for each: prediction id, outcome, distance, its bucket, bucket of the stable version's time, bucket of the
--       candidate's, candidate's time minus the stable one's (ms), pair as JSON, badness, candidate's output as JSON;
--       '' for what there is none of
-- Returns how many were counted.
local width, at, counted = 10, 5, 0
local function count(field, by)
  redis.call('HINCRBY', KEYS[1], field, by)
end

for key = 4, #KEYS do
  local record = KEYS[key]
  local id, outcome, distance, badness = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 8]
  local is_known = redis.call('EXISTS', record) == 1
  if not is_known or redis.call('HSETNX', record, 'shadow:' .. ARGV[1], 1) == 1 then
    counted = counted + 1
    count(outcome, 1)
    if distance ~= '' then
      count('distance:' .. ARGV[at + 3], 1)
      local most = redis.call('HGET', KEYS[1], 'max_distance')
      if not most or tonumber(distance) > tonumber(most) then
        redis.call('HSET', KEYS[1], 'max_distance', distance)
      end
    end
    if ARGV[at + 4] ~= '' then
      count('stable_ms:' .. ARGV[at + 4], 1)
    end
    if ARGV[at + 5] ~= '' then
      count('candidate_ms:' .. ARGV[at + 5], 1)
    end
    if ARGV[at + 6] ~= '' then
      count('timed', 1)
      redis.call('HINCRBYFLOAT', KEYS[1], 'difference_ms', ARGV[at + 6])
    end
    if ARGV[at + 7] ~= '' then
      redis.call('LPUSH', KEYS[2], ARGV[at + 7])
    end
    if badness ~= '' and is_known then
      redis.call('ZADD', KEYS[3], badness, id)
      if redis.call('ZCARD', KEYS[3]) > tonumber(ARGV[4]) then
        redis.call('ZREMRANGEBYRANK', KEYS[3], 0, 0)
      end
      if redis.call('ZSCORE', KEYS[3], id) and redis.call('HEXISTS', record, 'data_removed') == 0 then
        redis.call('HSET', record, 'shadow_output', ARGV[1] .. ' ' .. ARGV[at + 9])
      end
    end
  end
  at = at + width
end

redis.call('LTRIM', KEYS[2], 0, ARGV[3] - 1)
for key = 1, 3 do
  redis.call('PEXPIRE', KEYS[key], ARGV[2])
end
return counted
