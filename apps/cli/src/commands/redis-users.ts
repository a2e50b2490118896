import { createHash, randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { accessRules, redisRoles } from '@augur/core/redis/access-rules'
import type { CliSettings } from '../config.js'
import type { Output } from '../output.js'

const help = `Usage: augur redis-users DIR [--address HOST:PORT] [--tls]

  Makes users for Redis with new passwords, and writes to DIR, readable by their owner only:

    users.acl      for redis-server --aclfile: augur-api, augur-worker and admin; nobody comes in without a password
    api.url        the URL of the API's user, for REDIS_URL_FILE
    worker.url     that of the workers' user
    admin.url      that of whoever looks after the server

  AUGUR_REDIS_PREFIX says which keys are theirs. --address is what the URLs name (127.0.0.1:6379), --tls makes them rediss://.`

const options = {
  help: { type: 'boolean', short: 'h' },
  address: { type: 'string', default: '127.0.0.1:6379' },
  tls: { type: 'boolean', default: false },
} as const

export interface RedisUsersConfig {
  settings: Pick<CliSettings, 'AUGUR_REDIS_PREFIX'>
  output: Pick<Output, 'line' | 'error'>
}

interface User {
  /** Of its file. */
  file: string
  name: string
  rules: readonly string[]
  password: string
}

function usersFor(prefix: string): User[] {
  const withPassword = (user: Omit<User, 'password'>) => ({
    ...user,
    password: randomBytes(32).toString('base64url'),
  })
  const ofRoles = redisRoles.map((role) => ({
    file: role,
    name: `augur-${role}`,
    rules: accessRules(role, prefix),
  }))
  return [...ofRoles, { file: 'admin', name: 'admin', rules: ['on', '~*', '&*', '+@all'] }].map(withPassword)
}

/** As digests: who reads the file learns no password. */
export function aclFile(users: readonly Pick<User, 'name' | 'rules' | 'password'>[]): string {
  const lines = users.map(({ name, rules, password }) => {
    const digest = createHash('sha256').update(password).digest('hex')
    return `user ${name} ${rules.join(' ')} #${digest}`
  })
  return ['user default off', ...lines, ''].join('\n')
}

/** `augur redis-users`. Returns the exit code. */
export async function runRedisUsers(argv: string[], config: RedisUsersConfig): Promise<number> {
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true })
  const [given, ...rest] = positionals
  if (values.help || given === undefined || rest.length > 0) {
    config.output[values.help ? 'line' : 'error'](help)
    return values.help ? 0 : 2
  }
  const dir = resolve(given)
  const users = usersFor(config.settings.AUGUR_REDIS_PREFIX)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  // Never over those of a server that is in use.
  const write = (name: string, text: string) => writeFile(join(dir, name), text, { mode: 0o600, flag: 'wx' })
  await write('users.acl', aclFile(users))
  const scheme = values.tls ? 'rediss' : 'redis'
  for (const { file, name, password } of users)
    await write(`${file}.url`, `${scheme}://${name}:${password}@${values.address}\n`)
  config.output.line(`Users and their URLs are in ${dir}.`)
  return 0
}
