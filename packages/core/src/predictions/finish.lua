-- Ends predictions of one version: the only way into a terminal status, and there is no way out.
-- What follows from it (index, counts, retention, delivery of the webhook, wake-up) is written in the same step.
-- KEYS  1 open index   2 counts   3 retained index   4 outbox   then for each: record, delivery
-- ARGV  1 prefix of the ended channels   2 canceled channel   3 record retention (ms)   then for each:
--       id, token, status, completed_at, output field ('output', 'output_key' or ''), its value, error, error code,
--       provenance, delivery id ('' for none), tenant, URL, body, delivery that comes before it ('' for none)
-- Returns a list with, for each: 'finished', 'ended', 'fenced' or 'missing'.
local outcomes = {}
local width = 14
local finished, counts = {}, {}

for i = 1, (#KEYS - 4) / 2 do
  local record, delivery = KEYS[2 * i + 3], KEYS[2 * i + 4]
  local at = 3 + (i - 1) * width
  local id, token, status, completed_at = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local found = redis.call('HMGET', record, 'status', 'token')

  if not found[1] then
    outcomes[i] = 'missing'
  elseif found[1] ~= 'starting' and found[1] ~= 'processing' then
    outcomes[i] = 'ended'
  elseif (found[2] or '') ~= token then
    outcomes[i] = 'fenced'
  else
    local fields = { 'status', status, 'completed_at', completed_at }
    local function set(name, value)
      if name ~= '' and value ~= '' then
        fields[#fields + 1] = name
        fields[#fields + 1] = value
      end
    end
    set(ARGV[at + 5], ARGV[at + 6])
    set('error', ARGV[at + 7])
    set('error_code', ARGV[at + 8])
    set('provenance', ARGV[at + 9])
    redis.call('HSET', record, unpack(fields))
    redis.call('PEXPIRE', record, ARGV[3])
    redis.call('ZADD', KEYS[3], completed_at, id)
    finished[#finished + 1] = id
    counts[status] = (counts[status] or 0) + 1
    if ARGV[at + 10] ~= '' then
      redis.call('HSET', delivery, 'tenant', ARGV[at + 11], 'url', ARGV[at + 12], 'body', ARGV[at + 13],
        'after', ARGV[at + 14], 'state', 'pending', 'created_at', completed_at)
      redis.call('ZADD', KEYS[4], completed_at, ARGV[at + 10])
    end
    redis.call('PUBLISH', ARGV[1] .. id, status)
    if status == 'canceled' then
      redis.call('PUBLISH', ARGV[2], id)
    end
    outcomes[i] = 'finished'
  end
end

if #finished > 0 then
  redis.call('ZREM', KEYS[1], unpack(finished))
  for status, count in pairs(counts) do
    redis.call('HINCRBY', KEYS[2], status, count)
  end
end
return outcomes
