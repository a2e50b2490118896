-- Hands predictions to one worker: a fresh token fences off whoever held them before.
-- KEYS  1… record of each prediction
-- ARGV  1 time (ms)   2 version whose job each is, or '' for any   3… epoch, token of each
-- Returns a list with, for each: {'claimed', request, input, input_key, attempt} or {'ended'}, {'stale'},
-- {'missing'} or {'expired'}. Of input and input_key, one is false.
-- The first version in a request is its own: what a caller may have written stands behind it.
local function is_of_version(request)
  return ARGV[2] == '' or string.match(request, '"version":"(%x+)"') == ARGV[2]
end

local outcomes = {}
for i, record in ipairs(KEYS) do
  local epoch, token = ARGV[2 * i + 1], ARGV[2 * i + 2]
  local found = redis.call('HMGET', record, 'status', 'epoch', 'attempt', 'request', 'input', 'input_key',
    'claim_before')
  local status = found[1]
  if not status then
    outcomes[i] = { 'missing' }
  elseif status ~= 'starting' and status ~= 'processing' then
    outcomes[i] = { 'ended' }
  elseif found[2] ~= epoch or not is_of_version(found[4]) then
    outcomes[i] = { 'stale' }
  elseif status == 'starting' and found[7] and tonumber(found[7]) <= tonumber(ARGV[1]) then
    outcomes[i] = { 'expired' }
  else
    local attempt = (found[3] or 0) + 1
    redis.call('HSET', record, 'status', 'processing', 'token', token, 'started_at', ARGV[1], 'attempt', attempt)
    outcomes[i] = { 'claimed', found[4], found[5], found[6], attempt }
  end
end
return outcomes
