-- Ends predictions of one version: the only way into a terminal status, and there is no way out.
-- What follows from it (index, counts, retention, delivery of the webhook, wake-up) is written in the same step.
-- KEYS  1 open index   2 counts   3 retained index   4 outbox   5 due index   then for each: record, its deliveries
-- ARGV  1 prefix of the ended channels   2 canceled channel   3 record retention (ms)   then for each:
--       id, token, status, completed_at, output field ('output', 'output_key' or ''), its value, error, error code,
--       provenance, logs, number of deliveries, and of each of those:
--       id, tenant, URL, body, delivery that comes before it ('' for none)
-- Returns a list with, for each: 'finished', 'ended', 'fenced' or 'missing'.
local outcomes = {}
local width, delivery_width = 11, 5
local finished, timed, counts = {}, {}, {}
local key, at = 6, 3

while key <= #KEYS do
  local record, deliveries = KEYS[key], tonumber(ARGV[at + 11])
  local i = #outcomes + 1
  local id, token, status, completed_at = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local found = redis.call('HMGET', record, 'status', 'token', 'claim_before')

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
    set('logs', ARGV[at + 10])
    redis.call('HSET', record, unpack(fields))
    redis.call('PEXPIRE', record, ARGV[3])
    redis.call('ZADD', KEYS[3], completed_at, id)
    finished[#finished + 1] = id
    if found[3] then
      timed[#timed + 1] = id
    end
    counts[status] = (counts[status] or 0) + 1
    for n = 1, deliveries do
      local of = at + width + (n - 1) * delivery_width
      redis.call('HSET', KEYS[key + n], 'tenant', ARGV[of + 2], 'url', ARGV[of + 3], 'body', ARGV[of + 4],
        'after', ARGV[of + 5], 'state', 'pending', 'created_at', completed_at)
      redis.call('ZADD', KEYS[4], completed_at, ARGV[of + 1])
    end
    redis.call('PUBLISH', ARGV[1] .. id, status)
    if status == 'canceled' then
      redis.call('PUBLISH', ARGV[2], id)
    end
    outcomes[i] = 'finished'
  end
  key = key + 1 + deliveries
  at = at + width + deliveries * delivery_width
end

if #finished > 0 then
  redis.call('ZREM', KEYS[1], unpack(finished))
  if #timed > 0 then
    redis.call('ZREM', KEYS[5], unpack(timed))
  end
  for status, count in pairs(counts) do
    redis.call('HINCRBY', KEYS[2], status, count)
  end
end
return outcomes
