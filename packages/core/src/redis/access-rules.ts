/** Who talks to Redis. Each process needs no more than its role. */
export const redisRoles = ['api', 'worker'] as const
export type RedisRole = (typeof redisRoles)[number]

const connection =
  'ping select quit info time client|setname multi exec discard eval evalsha script|load script|exists subscribe unsubscribe publish pubsub|numsub'
const texts =
  'get set mget del unlink exists pexpire pexpireat expire persist ttl pttl type incr incrby rename'
const hashes = 'hset hsetnx hmset hget hmget hgetall hvals hkeys hlen hexists hdel hincrby hincrbyfloat hscan'
const lists = 'lpush rpush lpop rpop rpoplpush llen lrange lindex lset lrem ltrim lpos'
const sets = 'sadd srem smembers sismember scard sscan'
const sortedSets =
  'zadd zrem zcard zcount zscore zmscore zrank zrange zrevrange zrangebyscore zrevrangebyscore zrangebylex zlexcount zremrangebyscore zremrangebylex zremrangebyrank zpopmin zscan'
const streams = 'xadd xrange xrevrange xlen xtrim xdel xread'

/** What the product and BullMQ send. Nothing that reads or changes the server itself, or looks for keys. */
const common = [connection, texts, hashes, lists, sets, sortedSets, streams].flatMap((line) =>
  line.split(' '),
)
/** How a consumer waits for the next job. */
const ofWorkers = ['bzpopmin']

/**
 * The rules of a role's user, as `ACL SETUSER` and files of users take them, but for its password: whatever is not named
 * here is refused. Keys that count requests and wrong keys are the API's alone.
 */
export function accessRules(role: RedisRole, prefix: string): string[] {
  const keys = role === 'api' ? `~${prefix}:*` : `~${prefix}:{*`
  const commands = role === 'api' ? common : [...common, ...ofWorkers]
  return [
    'on',
    'resetkeys',
    keys,
    'resetchannels',
    `&${prefix}:*`,
    '-@all',
    ...commands.map((name) => `+${name}`),
  ]
}
