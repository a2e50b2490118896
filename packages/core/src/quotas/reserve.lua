-- Counts a prediction among the open ones of its tenant and of its key, unless one of them has as many as it may have.
-- KEYS  1 open predictions of the tenant, scored by flow   2 those of its keys with a limit, scored by key
-- ARGV  1 id   2 flow   3 how many the tenant may have   4 key   5 how many the key may have   (0: any number)
-- Returns 2 when it is counted, 0 when it is too many for the tenant, 1 for the key.
local function is_full(set, score, most)
  if most == 0 or redis.call('ZSCORE', set, ARGV[1]) then
    return false
  end
  local from, to = score or '-inf', score or '+inf'
  return redis.call('ZCOUNT', set, from, to) >= most
end
local of_key = tonumber(ARGV[5])
if is_full(KEYS[1], nil, tonumber(ARGV[3])) then
  return 0
end
if is_full(KEYS[2], ARGV[4], of_key) then
  return 1
end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
if of_key > 0 then
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
end
return 2
