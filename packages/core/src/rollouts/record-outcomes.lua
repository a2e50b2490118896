-- Adds outcomes of one arm of a trial to what is known of it.
-- KEYS  1 counts of the arm (hash)   2 its newest outcomes (list)
-- ARGV  1 time to live (ms)   2 newest outcomes that are kept   3 most labels that are told apart
--       then for each: status, latency bucket, label ('' for none), outcome as JSON
local labels = tonumber(redis.call('HGET', KEYS[1], 'labels') or '0')
local recent = {}
for at = 4, #ARGV, 4 do
  local status, bucket, label = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  redis.call('HINCRBY', KEYS[1], status, 1)
  if status == 'succeeded' then
    redis.call('HINCRBY', KEYS[1], 'latency:' .. bucket, 1)
  end
  if label ~= '' then
    local field = 'label:' .. label
    if redis.call('HEXISTS', KEYS[1], field) == 0 then
      if labels < tonumber(ARGV[3]) then
        labels = labels + 1
        redis.call('HSET', KEYS[1], 'labels', labels)
      else
        field = 'other_labels'
      end
    end
    redis.call('HINCRBY', KEYS[1], field, 1)
  end
  recent[#recent + 1] = ARGV[at + 3]
end
redis.call('LPUSH', KEYS[2], unpack(recent))
redis.call('LTRIM', KEYS[2], 0, ARGV[2] - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[1])
return 1
