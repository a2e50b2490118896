-- Ends predictions of one version: the only way into a terminal status, and there is no way out.
-- What follows from it (index, counts, retention, delivery of the webhook, wake-up) is written in the same step.
-- KEYS  1 open index   2 counts   3 retained index   4 outbox   5 due index   then for each: record, its deliveries,
--       and for one of an arm: counts of the arm, its newest outcomes
-- ARGV  1 prefix of the ended channels   2 canceled channel   3 record retention (ms)   then for each:
--       id, token, status, completed_at, output field ('output', 'output_key' or ''), its value, error, error code,
--       provenance, logs, number of deliveries, '1' when it is of an arm of a trial, and of each of its deliveries:
--       id, tenant, URL, 'body' or 'body_key', its value, delivery that comes before it ('' for none),
--       the job that it shares ('' for none)
--       and for one of an arm: how it ended, bucket of its latency, label ('' for none), outcome as JSON,
--       time to live of what is known of the arm (ms), newest outcomes that are kept, most labels that are told apart
-- Returns a list with, for each: 'finished', 'ended', 'fenced' or 'missing'.
local outcomes = {}
local width, delivery_width, outcome_width = 12, 7, 7
local finished, timed, counts = {}, {}, {}
local key, at = 6, 3

local function tell_arm(counts_key, recent_key, of)
  local status, label, ttl = ARGV[of + 1], ARGV[of + 3], ARGV[of + 5]
  redis.call('HINCRBY', counts_key, status, 1)
  if status == 'succeeded' then
    redis.call('HINCRBY', counts_key, 'latency:' .. ARGV[of + 2], 1)
  end
  if label ~= '' then
    local field = 'label:' .. label
    if redis.call('HEXISTS', counts_key, field) == 0 then
      if tonumber(redis.call('HGET', counts_key, 'labels') or '0') < tonumber(ARGV[of + 7]) then
        redis.call('HINCRBY', counts_key, 'labels', 1)
      else
        field = 'other_labels'
      end
    end
    redis.call('HINCRBY', counts_key, field, 1)
  end
  redis.call('PEXPIRE', counts_key, ttl)
  -- Its caller had enough: that takes up no place among what tells of the arm.
  if status ~= 'canceled' then
    redis.call('LPUSH', recent_key, ARGV[of + 4])
    redis.call('LTRIM', recent_key, 0, ARGV[of + 6] - 1)
    redis.call('PEXPIRE', recent_key, ttl)
  end
end

-- Who waits here is told the record, which spares them a read; whoever else listens, that there is something to read.
local function tell_waiting(channel, record, status)
  local waiting = tonumber(redis.call('PUBSUB', 'NUMSUB', channel)[2])
  redis.call('PUBLISH', channel, waiting > 0 and cjson.encode(redis.call('HGETALL', record)) or status)
end

while key <= #KEYS do
  local record, deliveries = KEYS[key], tonumber(ARGV[at + 11])
  local has_arm = ARGV[at + 12] == '1'
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
      redis.call('HSET', KEYS[key + n], 'tenant', ARGV[of + 2], 'url', ARGV[of + 3], ARGV[of + 4], ARGV[of + 5],
        'after', ARGV[of + 6], 'job', ARGV[of + 7], 'state', 'pending', 'created_at', completed_at)
      redis.call('ZADD', KEYS[4], completed_at, ARGV[of + 1])
    end
    if has_arm then
      tell_arm(KEYS[key + deliveries + 1], KEYS[key + deliveries + 2], at + width + deliveries * delivery_width)
    end
    tell_waiting(ARGV[1] .. id, record, status)
    if status == 'canceled' then
      redis.call('PUBLISH', ARGV[2], id)
    end
    outcomes[i] = 'finished'
  end
  key = key + 1 + deliveries
  at = at + width + deliveries * delivery_width
  if has_arm then
    key = key + 2
    at = at + outcome_width
  end
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
