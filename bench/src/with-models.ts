import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startAugur } from './augur.js'
import { observeRedis, type RedisObserver } from './redis-commands.js'
import type { System } from './system.js'

interface WithModels {
  /** The repository. */
  root: string
  /** Writes the models that are served into a folder. */
  write(modelsDir: string): Promise<unknown>
  settings?: Record<string, string>
}

/** The product with models of an experiment's own, for as long as `use` lasts. */
export async function withModels<T>(
  { root, write, settings }: WithModels,
  use: (system: System, redis: RedisObserver) => Promise<T>,
): Promise<T> {
  const modelsDir = await mkdtemp(join(tmpdir(), 'augur-models-'))
  try {
    await write(modelsDir)
    const { signal } = new AbortController()
    const own = { ...settings, AUGUR_MODELS_DIR: modelsDir }
    const system = await startAugur({ root, signal, settings: own })
    const redis = observeRedis(system.redisUrl)
    try {
      return await use(system, redis)
    } finally {
      redis.close()
      await system.stop()
    }
  } finally {
    await rm(modelsDir, { recursive: true, force: true })
  }
}
