-- Hands predictions to one worker: a fresh token fences off whoever held them before.
-- KEYS  1… record of each prediction
-- ARGV  1 time (ms)   2… epoch, token of each
-- Returns a list with, for each: {'claimed', field, value, …} or {'ended'} or {'stale'} or {'missing'}.
local outcomes = {}
for i, record in ipairs(KEYS) do
  local epoch, token = ARGV[2 * i], ARGV[2 * i + 1]
  local found = redis.call('HMGET', record, 'status', 'epoch')
  local status = found[1]
  if not status then
    outcomes[i] = { 'missing' }
  elseif status ~= 'starting' and status ~= 'processing' then
    outcomes[i] = { 'ended' }
  elseif found[2] ~= epoch then
    outcomes[i] = { 'stale' }
  else
    redis.call('HSET', record, 'status', 'processing', 'token', token, 'started_at', ARGV[1])
    redis.call('HINCRBY', record, 'attempt', 1)
    local fields = redis.call('HGETALL', record)
    table.insert(fields, 1, 'claimed')
    outcomes[i] = fields
  end
end
return outcomes
