import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '@augur/core/free-port'
import { findRedisBinary, type RedisBinary } from '@augur/core/redis/find-redis-binary'
import { type ProcessExit, startRedisProcess } from '@augur/core/redis/redis-process'

// The same folder from src and from dist, and the one `npm start` unpacks into.
const packageDir = fileURLToPath(new URL('../../../.augur/redis/package', import.meta.url))

export interface RedisServer {
  url: string
  port: number
  pid: number
  exited: Promise<ProcessExit>
  stop(): Promise<void>
  kill(signal: NodeJS.Signals): void
}

interface RedisServerOptions {
  /** Keeps every write in a file, so that a server started again in the same `dir` has it (default: no). */
  appendonly?: boolean
  port?: number
  /** Kept by `stop` when given; else a temporary folder that goes with the server. */
  dir?: string
  /** More of redis.conf, by name. */
  settings?: Record<string, string>
}

/** What `startRedis` starts. */
export const testRedisBinary = (): Promise<RedisBinary> => findRedisBinary({ packageDir, env: process.env })

/** A real Redis for one test run: loopback, free port, noeviction, no persistence unless asked for. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const binary = await testRedisBinary()
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'augur-redis-')))
  const server = await startRedisProcess({
    binary,
    port: options.port ?? (await freePort()),
    settings: {
      dir,
      save: '',
      appendonly: options.appendonly ? 'yes' : 'no',
      'maxmemory-policy': 'noeviction',
      ...options.settings,
    },
  })
  const stop = async () => {
    await server.stop()
    if (!options.dir) await rm(dir, { recursive: true, force: true })
  }
  return { ...server, stop }
}
