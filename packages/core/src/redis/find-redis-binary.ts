import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { StartupError } from '../startup-error.js'
import { unpackRedisPackage } from './unpack-redis-package.js'

const run = promisify(execFile)

export type Environment = Record<string, string | undefined>

/** A server that was run once with `--version` and answered. */
export interface RedisBinary {
  command: string
  /** What the server is started with: it needs nothing of the caller's environment but PATH. */
  env: Environment
  source: 'path' | 'package'
  version: string
}

interface Search {
  /** Where an unpacked package lies, and where a new one goes. */
  packageDir: string
  env: Environment
  report?: ((line: string) => void) | undefined
}

// BullMQ's scripts need what came with 6.2.
const oldestVersion = [6, 2] as const

function isRecentEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > oldestVersion[0] || (major === oldestVersion[0] && minor >= oldestVersion[1])
}

/** The version a binary reports, or undefined where it does not run. */
export async function redisVersion(command: string, env: Environment): Promise<string | undefined> {
  try {
    const { stdout } = await run(command, ['--version'], { env, timeout: 5000 })
    return /v=(\d+\.\d+\.\d+)/.exec(stdout)?.[1]
  } catch {
    return undefined
  }
}

async function findOnPath(search: Search): Promise<RedisBinary | undefined> {
  const env = { PATH: search.env.PATH }
  for (const command of ['redis-server', 'valkey-server']) {
    const version = await redisVersion(command, env)
    if (version && isRecentEnough(version)) return { command, env, source: 'path', version }
    if (version)
      search.report?.(`Passing over ${command} ${version}: at least ${oldestVersion.join('.')} is needed.`)
  }
  return undefined
}

const notFound = `Redis is needed, and neither redis-server nor valkey-server is on the PATH. One of these lines gives it:
  sudo apt-get install redis-server     # Debian, Ubuntu
  brew install redis                    # macOS
  docker run -d -p 6379:6379 redis:7 --appendonly yes --maxmemory-policy noeviction    # then REDIS_URL=redis://127.0.0.1:6379`

/**
 * `redis-server` or `valkey-server` from the PATH, else the distribution's package unpacked under `packageDir`.
 * @throws StartupError that says how to install one, where there is none.
 */
export async function findRedisBinary(search: Search): Promise<RedisBinary> {
  const onPath = await findOnPath(search)
  if (onPath) return onPath
  const unpacked = await unpackRedisPackage(search)
  if (!unpacked.ok) throw new StartupError(`${notFound}\n(${unpacked.reason})`)
  const version = await redisVersion(unpacked.command, unpacked.env)
  if (!version)
    throw new StartupError(`${notFound}\n(The unpacked ${unpacked.command} does not run on this machine.)`)
  return { command: unpacked.command, env: unpacked.env, source: 'package', version }
}
