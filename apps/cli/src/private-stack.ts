import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '@augur/core/config'
import { findRedisBinary } from '@augur/core/redis/find-redis-binary'
import { cliSettings } from './config.js'
import type { Output } from './output.js'
import { type Stack, startStack } from './start-stack.js'

type Environment = Record<string, string | undefined>

export interface PrivateStackConfig {
  /** The repository: its models, its programs, and the Redis package that an earlier start unpacked. */
  root: string
  env: Environment
  /** Settings by name; nothing else of `env` and no `.env` file decides about the stack. */
  settings?: Record<string, string>
  output: Output
  signal?: AbortSignal
}

const isSetting = (name: string) => name.startsWith('AUGUR_') || ['HOST', 'PORT', 'REDIS_URL'].includes(name)

/** What is left of the environment when nobody's settings for a stack of their own are in it. */
export function withoutSettings(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isSetting(name)))
}

/**
 * A data folder that goes with its program. Where Redis has to be unpacked, the one under `root` is used and not one
 * more fetched.
 */
export async function createTemporaryDataDir(root: string, env: Environment): Promise<string> {
  const packageDir = join(root, '.augur/redis/package')
  const binary = await findRedisBinary({ packageDir, env })
  const dataDir = await mkdtemp(join(tmpdir(), 'augur-'))
  await mkdir(join(dataDir, 'redis'))
  if (binary.source === 'package') await symlink(packageDir, join(dataDir, 'redis/package'))
  return dataDir
}

/**
 * Starts a stack for one program alone: on a free port, with a Redis of its own, and with data that vanish when it stops.
 * @throws StartupError when it cannot start.
 */
export async function startPrivateStack(config: PrivateStackConfig): Promise<Stack> {
  const { root, output, signal } = config
  const env = withoutSettings(config.env)
  const dataDir = await createTemporaryDataDir(root, env)
  const removeData = () => rm(dataDir, { recursive: true, force: true })
  const given = {
    PORT: '0',
    AUGUR_DATA_DIR: dataDir,
    AUGUR_MODELS_DIR: join(root, 'models'),
    AUGUR_RESTART: 'false',
    ...config.settings,
  }
  try {
    const stack = await startStack({
      settings: loadConfig(cliSettings, given),
      env: { ...env, ...given },
      // Away from the repository, so that its `.env` files are not read.
      root: dataDir,
      scripts: { api: join(root, 'apps/api/dist/main.js'), worker: join(root, 'apps/worker/dist/main.js') },
      output,
      ...(signal && { signal }),
    })
    const stop = async () => {
      await stack.stop()
      await removeData()
    }
    return { ...stack, stop }
  } catch (error) {
    await removeData()
    throw error
  }
}
