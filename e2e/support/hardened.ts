import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from '@augur/core/free-port'
import { createCertificates } from '@augur/test-support/certificates'
import { startRedis } from '@augur/test-support/redis-server'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { Redis } from 'ioredis'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
const newSecret = () => `canary-${randomBytes(24).toString('base64url')}`

/** The product as it is meant to run among others: Redis with users and TLS, and every secret in a file. */
export interface Hardened {
  stack: TestStack
  /** What must stand nowhere, by what it is; a story adds what it is given. */
  secrets: Map<string, string>
  apiKey: string
  /** Redis, as whoever looks after it. */
  admin: Redis
  /** Where Redis listens with TLS, for whom nobody gave a password; null where no certificate could be made. */
  tlsUrl: string | null
  redisDir: string
  /** Files of the processes, and of the data folder. */
  dataDir: string
  stop(): Promise<void>
}

async function applyUsers(admin: Redis, aclPath: string): Promise<void> {
  const lines = (await readFile(aclPath, 'utf8')).trim().split('\n')
  // Whoever is there stays until it leaves: the user `default` is closed last.
  for (const line of lines.toReversed()) await admin.call('ACL', 'SETUSER', ...line.split(' ').slice(1))
}

const passwordOf = (url: string) => new URL(url).password

export async function startHardened(modelsDir: string): Promise<Hardened> {
  const dir = await mkdtemp(join(tmpdir(), 'augur-hardened-'))
  const redisDir = await mkdtemp(join(tmpdir(), 'augur-hardened-redis-'))
  const certificates = await createCertificates(dir)
  const tlsPort = await freePort()
  const tls = certificates && {
    'tls-port': String(tlsPort),
    'tls-cert-file': certificates.cert,
    'tls-key-file': certificates.key,
    'tls-ca-cert-file': certificates.ca,
    'tls-auth-clients': 'no',
  }
  const redis = await startRedis({ appendonly: true, dir: redisDir, settings: { ...tls } })
  const prefix = 'hardened'
  const address = `127.0.0.1:${certificates ? tlsPort : redis.port}`
  const users = join(dir, 'users')
  const command = ['redis-users', users, '--address', address, ...(certificates ? ['--tls'] : [])]
  const cliEnv = { PATH: process.env.PATH, AUGUR_REDIS_PREFIX: prefix }
  await run(process.execPath, [`${root}apps/cli/dist/main.js`, ...command], { env: cliEnv, cwd: dir })
  const admin = new Redis(redis.url)
  await applyUsers(admin, join(users, 'users.acl'))

  const secrets = new Map([
    ['the static key', newSecret()],
    ['the master key', newSecret()],
  ])
  for (const role of ['api', 'worker', 'admin'])
    secrets.set(`the password of ${role}`, passwordOf(await readFile(join(users, `${role}.url`), 'utf8')))
  const inFile = async (name: string, secret: string) => {
    await writeFile(join(dir, name), `${secrets.get(secret)}\n`, { mode: 0o600 })
    return join(dir, name)
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'augur-hardened-data-'))
  const env = {
    REDIS_URL: '',
    REDIS_URL_FILE: join(users, 'api.url'),
    AUGUR_REDIS_PREFIX: prefix,
    AUGUR_DATA_DIR: dataDir,
    AUGUR_API_KEY_FILE: await inFile('api.key', 'the static key'),
    AUGUR_MASTER_KEY_FILE: await inFile('master.key', 'the master key'),
    AUGUR_OUTBOUND_ALLOW: '127.0.0.0/8',
    AUGUR_LOG_LEVEL: 'trace',
    ...(certificates && { NODE_EXTRA_CA_CERTS: certificates.ca }),
  }
  const stack = await startTestStack({ modelsDir, workers: 0, env })
  stack.startWorker({ REDIS_URL_FILE: join(users, 'worker.url') })
  await stack.ready()
  return {
    stack,
    secrets,
    apiKey: secrets.get('the static key') ?? '',
    admin,
    tlsUrl: certificates && `rediss://127.0.0.1:${tlsPort}`,
    redisDir,
    dataDir,
    async stop() {
      await stack.stop()
      admin.disconnect()
      await redis.stop()
      for (const folder of [dir, redisDir, dataDir]) await rm(folder, { recursive: true, force: true })
    },
  }
}
