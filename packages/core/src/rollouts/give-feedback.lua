-- Attaches ground truth to a prediction that has ended, and counts it for its arm. What is given again replaces what
-- was given before, in the counts as well.
-- KEYS  1 record   2 counts of its arm (the record again where it has none)   3 newest feedback of the arm (the same)
-- ARGV  1 feedback as JSON: {label?, score?, right?}   2 '1' when it has an arm   3 newest feedback that is kept   4 time to live (ms)
--       5 id
-- Returns 'given', 'open' or 'missing'.
local status = redis.call('HGET', KEYS[1], 'status')
if not status then
  return 'missing'
end
if status == 'starting' or status == 'processing' then
  return 'open'
end
local before = redis.call('HGET', KEYS[1], 'feedback')
redis.call('HSET', KEYS[1], 'feedback', ARGV[1])
if ARGV[2] ~= '1' then
  return 'given'
end

local function count(text, sign)
  local feedback = cjson.decode(text)
  if feedback.right ~= nil and feedback.right ~= cjson.null then
    redis.call('HINCRBY', KEYS[2], 'feedback_labels', sign)
    if feedback.right then
      redis.call('HINCRBY', KEYS[2], 'feedback_right', sign)
    end
  end
  if feedback.score ~= nil and feedback.score ~= cjson.null then
    redis.call('HINCRBY', KEYS[2], 'feedback_scores', sign)
    redis.call('HINCRBYFLOAT', KEYS[2], 'feedback_score_sum', sign * feedback.score)
  end
  return feedback.right
end

-- What it says of the answer, as the list of the newest has it; nil where it says nothing.
local function verdict(right)
  if right == nil or right == cjson.null then
    return nil
  end
  return ARGV[5] .. ' ' .. (right and '1' or '0')
end

local old = before and verdict(count(before, -1)) or nil
local new = verdict(count(ARGV[1], 1))
redis.call('PEXPIRE', KEYS[2], ARGV[4])
if old and old ~= new then
  redis.call('LREM', KEYS[3], 1, old)
end
if new and old ~= new then
  redis.call('LPUSH', KEYS[3], new)
  redis.call('LTRIM', KEYS[3], 0, ARGV[3] - 1)
  redis.call('PEXPIRE', KEYS[3], ARGV[4])
end
return 'given'
