import { join } from 'node:path'

/** One of the servers that are compared, running. Both speak of predictions in the same words. */
export interface System {
  name: string
  origin: string
  /** Where predictions are created, and where one is read. */
  paths: { create: string; get: (id: string) => string }
  redisUrl: string
  /** Its processes but for Redis; their children count as theirs. */
  processes(): { name: 'api' | 'worker'; pid: number }[]
  /** Aborted when one of them ends by itself. */
  failed: AbortSignal
  stop(): Promise<void>
  /** SIGKILL to all of it; `stop` resolves after it. */
  kill(): void
}

export interface SystemConfig {
  /** The repository. */
  root: string
  /** Folder that processes write their CPU profiles to when they stop. */
  profileDir?: string | undefined
  /** Of the product, by name. */
  settings?: Record<string, string>
  signal: AbortSignal
}

const profiler = new URL('./preload-profiler.js', import.meta.url).href

/** What the processes of a system are started with. */
export function environmentOf(
  { profileDir }: SystemConfig,
  system: string,
): Record<string, string | undefined> {
  if (!profileDir) return process.env
  return { ...process.env, NODE_OPTIONS: `--import ${profiler}`, CPU_PROFILE_DIR: join(profileDir, system) }
}
