import { resolve } from 'node:path'
import { freePort } from '@augur/core/free-port'
import type { ProvidedRedis } from '@augur/core/redis/provide-redis'
import { StartupError } from '@augur/core/startup-error'
import { assertPortFree } from './assert-port-free.js'
import type { CliSettings } from './config.js'
import { keepRedis } from './keep-redis.js'
import type { Output } from './output.js'
import { type ProcessSpec, ProcessSupervisor, type UnexpectedExit } from './process-supervisor.js'
import { reachableUrl } from './reachable-url.js'
import { waitUntilReady } from './wait-until-ready.js'

export interface StackConfig {
  settings: CliSettings
  /** What the processes are started with, beside what the stack itself decides. */
  env: Record<string, string | undefined>
  /** Relative folders in the settings start here. */
  root: string
  scripts: { api: string; worker: string }
  output: Output
  /** Ends a start that is under way. */
  signal?: AbortSignal
}

export interface Stack {
  apiUrl: string
  redisUrl: string
  redisSource: ProvidedRedis['source']
  /** Processes of this moment, `api` and `worker-1` to `worker-n`. */
  running(): { name: string; pid: number }[]
  /** Aborted, with the cause, by the end of a process that nobody asked for and no restart mends. */
  failed: AbortSignal
  /** API first, then workers, then Redis; resolves when all of them are gone, by default within 10 s. */
  stop(): Promise<void>
  /** SIGKILL to all of them; `stop` resolves after it. */
  kill(): void
}

// With the default grace of the workers they stay below the 10 s that a stop may take.
const stopWithinMs = { api: 2000, workerBeyondGrace: 2000, redis: 1500 }

function describeExit({ name, code, signal }: UnexpectedExit): string {
  return `${name} ended ${signal ? `by ${signal}` : `with code ${code}`}`
}

/** One thread collects garbage: more of them cost heaps of this size more than they gain (ADR 8). */
const nodeOptions = ['--single-threaded-gc']

function workerSpecs(config: StackConfig, env: ProcessSpec['env']): ProcessSpec[] {
  const { AUGUR_WORKERS, AUGUR_GRACE_SECONDS, AUGUR_WORKER_PORT: firstPort } = config.settings
  return Array.from({ length: AUGUR_WORKERS }, (_, index) => ({
    name: `worker-${index + 1}`,
    script: config.scripts.worker,
    nodeOptions,
    env: firstPort ? { ...env, AUGUR_WORKER_PORT: String(firstPort + index) } : env,
    cwd: config.root,
    stopWithinMs: AUGUR_GRACE_SECONDS * 1000 + stopWithinMs.workerBeyondGrace,
  }))
}

function startRedis({ settings, env, root, output }: StackConfig) {
  return keepRedis({
    url: settings.REDIS_URL,
    dataDir: resolve(root, settings.AUGUR_DATA_DIR),
    env,
    maxMemoryBytes: settings.AUGUR_REDIS_MAX_BYTES,
    appendFsync: settings.AUGUR_REDIS_FSYNC,
    report: (line) => output.line(line),
  })
}

function childEnvironment(config: StackConfig, port: number, redisUrl: string): ProcessSpec['env'] {
  const { settings, root } = config
  return {
    ...config.env,
    HOST: settings.HOST,
    PORT: String(port),
    REDIS_URL: redisUrl,
    AUGUR_DATA_DIR: resolve(root, settings.AUGUR_DATA_DIR),
    AUGUR_MODELS_DIR: resolve(root, settings.AUGUR_MODELS_DIR),
  }
}

function startProcesses(supervisor: ProcessSupervisor, config: StackConfig, env: ProcessSpec['env']): void {
  const { scripts, root } = config
  supervisor.start(workerSpecs(config, env))
  // Started last, so that it is stopped first: nothing new is accepted while the workers finish.
  supervisor.start([
    { name: 'api', script: scripts.api, nodeOptions, env, cwd: root, stopWithinMs: stopWithinMs.api },
  ])
}

/**
 * Starts Redis, workers and API and waits until predictions can be served.
 * @throws StartupError when the port is taken, Redis is missing, or a process ends before all are ready.
 */
export async function startStack(config: StackConfig): Promise<Stack> {
  const { settings, output } = config
  const port = settings.PORT || (await freePort())
  await assertPortFree(settings.HOST, port)
  const redis = await startRedis(config)

  const failure = new AbortController()
  let phase: 'starting' | 'ready' | 'stopping' = 'starting'
  const supervisor = new ProcessSupervisor({
    output,
    onUnexpectedExit(exit) {
      const what = describeExit(exit)
      if (phase === 'ready' && settings.AUGUR_RESTART) {
        output.error(`${what}; starting it again.`)
        return 'restart'
      }
      failure.abort(
        new StartupError(phase === 'starting' ? `${what} before everything was ready.` : `${what}.`),
      )
      return 'leave'
    },
  })
  const stop = async () => {
    phase = 'stopping'
    await supervisor.stop()
    await redis.stop(stopWithinMs.redis)
  }
  const kill = () => {
    supervisor.kill()
    void redis.stop(0)
  }

  const apiUrl = reachableUrl(settings.HOST, port)
  try {
    startProcesses(supervisor, config, childEnvironment(config, port, redis.url))
    const signal = AbortSignal.any([failure.signal, ...(config.signal ? [config.signal] : [])])
    await waitUntilReady(`${apiUrl}/readyz`, signal, (line) => output.line(line))
  } catch (error) {
    await stop()
    throw error
  }
  phase = 'ready'
  return {
    apiUrl,
    redisUrl: redis.url,
    redisSource: redis.source,
    running: () => supervisor.running(),
    failed: failure.signal,
    stop,
    kill,
  }
}
