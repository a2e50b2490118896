-- Hands predictions to one worker: a fresh token fences off whoever held them before.
-- KEYS  1… record of each prediction
-- ARGV  1 time (ms)   2… epoch, token of each
-- Returns a list with, for each: {'claimed', request, input, input_key, attempt} or {'ended'} or {'stale'} or
-- {'missing'}. Of input and input_key, one is false.
local outcomes = {}
for i, record in ipairs(KEYS) do
  local epoch, token = ARGV[2 * i], ARGV[2 * i + 1]
  local found = redis.call('HMGET', record, 'status', 'epoch', 'attempt', 'request', 'input', 'input_key')
  local status = found[1]
  if not status then
    outcomes[i] = { 'missing' }
  elseif status ~= 'starting' and status ~= 'processing' then
    outcomes[i] = { 'ended' }
  elseif found[2] ~= epoch then
    outcomes[i] = { 'stale' }
  else
    local attempt = (found[3] or 0) + 1
    redis.call('HSET', record, 'status', 'processing', 'token', token, 'started_at', ARGV[1], 'attempt', attempt)
    outcomes[i] = { 'claimed', found[4], found[5], found[6], attempt }
  end
end
return outcomes
