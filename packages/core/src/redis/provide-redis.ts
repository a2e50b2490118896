import { mkdir } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { Redis } from 'ioredis'
import { freePort } from '../free-port.js'
import { StartupError } from '../startup-error.js'
import { type DataDirLock, lockDataDir } from './data-dir-lock.js'
import { type Environment, findRedisBinary, type RedisBinary } from './find-redis-binary.js'
import { type ProcessExit, type RedisProcess, startRedisProcess } from './redis-process.js'

export interface ProvideRedisOptions {
  /** A server that somebody else runs; with it nothing is started. */
  url?: string | undefined
  /** Folder of the private server: `<dataDir>/redis`. */
  dataDir: string
  /** Where PATH is looked up and what apt-get runs with. */
  env: Environment
  /** Port of the private server (default: a free one). */
  port?: number | undefined
  maxMemoryBytes?: number | undefined
  appendFsync?: 'everysec' | 'always' | undefined
  report?: ((line: string) => void) | undefined
}

export interface ProvidedRedis {
  url: string
  source: 'configured' | 'path' | 'package'
  /** Ends a private server (SIGKILL after 5 s unless told) and gives its folder back; leaves a configured one alone. */
  stop(killAfterMs?: number): Promise<void>
  /** Settles when the private server has ended; never for a configured one. */
  exited: Promise<ProcessExit>
}

const pingWithinMs = 2000
const loadWithinMs = 120_000
const defaultMaxMemoryBytes = 2 ** 30

function withoutCredentials(url: string): string {
  const shown = new URL(url)
  shown.username = ''
  shown.password = ''
  return shown.href
}

/** @throws StartupError when the server does not answer PING in time. */
async function assertAnswers(url: string): Promise<void> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: pingWithinMs,
    commandTimeout: pingWithinMs,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
  })
  let reason = `no answer within ${pingWithinMs / 1000} s`
  client.on('error', (error: Error) => (reason = error.message))
  try {
    await client.connect()
    await client.ping()
  } catch (error) {
    const said = error instanceof Error && !/closed|timed out/i.test(error.message) ? error.message : reason
    throw new StartupError(`Redis at ${withoutCredentials(url)} (REDIS_URL) does not answer: ${said}`)
  } finally {
    client.disconnect()
  }
}

function defaultMaxMemory(): number {
  const memoryBytes = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)
  return Math.min(Math.floor(memoryBytes / 4), defaultMaxMemoryBytes)
}

async function startPrivate(
  redisDir: string,
  binary: RedisBinary,
  options: ProvideRedisOptions,
): Promise<RedisProcess> {
  const dir = join(redisDir, 'data')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  return startRedisProcess({
    binary,
    port: options.port ?? (await freePort()),
    readyWithinMs: loadWithinMs,
    settings: {
      dir,
      logfile: join(redisDir, 'redis.log'),
      save: '',
      appendonly: 'yes',
      appendfsync: options.appendFsync ?? 'everysec',
      // Work passes through quickly: at the usual 64 MB the file would be rewritten every few minutes under load.
      'auto-aof-rewrite-min-size': '256mb',
      maxmemory: String(options.maxMemoryBytes ?? defaultMaxMemory()),
      'maxmemory-policy': 'noeviction',
      'protected-mode': 'yes',
    },
  })
}

async function startLocked(
  redisDir: string,
  lock: DataDirLock,
  options: ProvideRedisOptions,
): Promise<ProvidedRedis> {
  const { env, report } = options
  const binary = await findRedisBinary({ packageDir: join(redisDir, 'package'), env, report })
  const server = await startPrivate(redisDir, binary, options)
  await lock.heldBy(server.pid)
  const exited = server.exited.then(async (exit) => {
    await lock.release()
    return exit
  })
  const stop = async (killAfterMs?: number) => {
    await server.stop(killAfterMs)
    await exited
  }
  return { url: server.url, source: binary.source, stop, exited }
}

/**
 * A Redis to work with: the configured one, else a private server that keeps every write in an append-only file under
 * `dataDir` and evicts nothing.
 * @throws StartupError when there is none to be had, or another process uses the folder.
 */
export async function provideRedis(options: ProvideRedisOptions): Promise<ProvidedRedis> {
  if (options.url) {
    await assertAnswers(options.url)
    return {
      url: options.url,
      source: 'configured',
      stop: async () => undefined,
      exited: new Promise(() => undefined),
    }
  }
  const redisDir = resolve(options.dataDir, 'redis')
  await mkdir(redisDir, { recursive: true, mode: 0o700 })
  const lock = await lockDataDir(join(redisDir, 'redis.pid'))
  try {
    return await startLocked(redisDir, lock, options)
  } catch (error) {
    await lock.release()
    throw error
  }
}
