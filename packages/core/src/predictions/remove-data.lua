-- Removes input, output and logs of ended predictions, and keeps the rest of their records.
-- KEYS  1 retained index   2… record of each
-- ARGV  1… id of each
-- Returns the payload store's keys that nothing refers to any more.
local stored = {}
for i, id in ipairs(ARGV) do
  local record = KEYS[i + 1]
  for _, key in ipairs(redis.call('HMGET', record, 'input_key', 'output_key')) do
    if key then
      stored[#stored + 1] = key
    end
  end
  if redis.call('EXISTS', record) == 1 then
    redis.call('HDEL', record, 'input', 'input_key', 'output', 'output_key', 'logs', 'shadow_output')
    redis.call('HSET', record, 'data_removed', '1')
  end
  redis.call('ZREM', KEYS[1], id)
end
return stored
