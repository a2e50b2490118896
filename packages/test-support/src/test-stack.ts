import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '@augur/core/free-port'
import { randomToken } from '@augur/core/ids'
import { Redis } from 'ioredis'
import { leaksBelow, leaksIn, noteSecrets } from './find-leaks.js'
import { redisUrl } from './redis-url.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))

export interface TestStackOptions {
  modelsDir: string
  /** Started with the stack, 1 by default; with 0 the stack is not waited for until it is ready, only until it answers. */
  workers?: number
  env?: Record<string, string>
}

export interface StackProcess {
  pid: number
  child: ChildProcess
  /** Everything that it wrote. */
  output(): string
  /** Whether it ended without `end`. */
  hasFailed(): boolean
  /** Signals it and waits for its end. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

export interface TestStack {
  /** For example `http://127.0.0.1:12345`. */
  url: string
  redisUrl: string
  prefix: string
  api: StackProcess
  workers: StackProcess[]
  startWorker(env?: Record<string, string>): StackProcess
  /** Another API process on the same Redis, once it answers. */
  startApi(env?: Record<string, string>): Promise<{ url: string; process: StackProcess }>
  /** A connection of the caller's own to the stack's Redis. */
  connectRedis(): Redis
  /** A request to the predictions dialect; `path` begins with a slash. */
  request(path: string, init?: RequestInit): Promise<Response>
  /** Waits until `/readyz` answers 200. */
  ready(): Promise<void>
  stop(): Promise<void>
}

function startProcess(app: 'api' | 'worker', env: Record<string, string>): StackProcess {
  const child = spawn(process.execPath, [`${root}apps/${app}/dist/main.js`], {
    cwd: root,
    env: { PATH: process.env.PATH, NODE_ENV: 'test', AUGUR_EXIT_WITH_PARENT: '1', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk))
  const exited = once(child, 'exit')
  let ending = false
  return {
    pid: child.pid ?? 0,
    child,
    output: () => text,
    hasFailed: () => !ending && (child.exitCode !== null || child.signalCode !== null),
    async end(signal) {
      ending = true
      child.kill(signal)
      await exited
      return { code: child.exitCode, signal: child.signalCode }
    },
  }
}

/** The real API and workers, as they were built, on the run's Redis under a prefix of their own. */
export async function startTestStack(options: TestStackOptions): Promise<TestStack> {
  const dataDir = await mkdtemp(join(tmpdir(), 'augur-stack-'))
  const prefix = `e2e-${randomToken()}`
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const env = {
    HOST: '127.0.0.1',
    PORT: String(port),
    REDIS_URL: options.env?.REDIS_URL ?? redisUrl(),
    AUGUR_REDIS_PREFIX: prefix,
    AUGUR_DATA_DIR: dataDir,
    AUGUR_MODELS_DIR: options.modelsDir,
    AUGUR_LOG_LEVEL: 'warn',
    ...options.env,
  }
  const workers: StackProcess[] = []
  const startWorker = (more: Record<string, string> = {}) => {
    const worker = startProcess('worker', { ...env, ...more })
    workers.push(worker)
    return worker
  }
  const apis: StackProcess[] = []
  const startApi = async (more: Record<string, string> = {}) => {
    const ownPort = await freePort()
    const started = startProcess('api', { ...env, PORT: String(ownPort), ...more })
    apis.push(started)
    const ownUrl = `http://127.0.0.1:${ownPort}`
    await answering(`${ownUrl}/livez`, [started])
    return { url: ownUrl, process: started }
  }
  const api = startProcess('api', env)
  for (let i = 0; i < (options.workers ?? 1); i++) startWorker()

  const stack: TestStack = {
    url,
    redisUrl: env.REDIS_URL,
    prefix,
    api,
    workers,
    startWorker,
    startApi,
    connectRedis: () => new Redis(env.REDIS_URL),
    request: (path, init) => fetch(`${url}/api/v1${path}`, init),
    async ready() {
      await answering(`${url}/readyz`, [api, ...workers])
    },
    async stop() {
      const running = [api, ...apis, ...workers].filter(
        ({ child }) => child.exitCode === null && child.signalCode === null,
      )
      await Promise.all(running.map((process_) => process_.end('SIGTERM')))
      const logs = [api, ...apis, ...workers].map((process_) => process_.output())
      const secrets = await secretsOf(env)
      // What it left in the run's Redis is looked through once, at the end.
      if (options.env?.REDIS_URL === undefined) await noteSecrets(env.REDIS_URL, secrets)
      const leaks = [
        ...(await leaksBelow(env.AUGUR_DATA_DIR, secrets, masterKeyFile)),
        ...logs.flatMap((log) => leaksIn(log, secrets)).map((leak) => `${leak} in a log`),
      ]
      await rm(dataDir, { recursive: true, force: true })
      if (leaks.length > 0) throw new Error(`secrets were let out: ${leaks.join(', ')}`)
    },
  }
  if (workers.length > 0) await stack.ready()
  else await answering(`${url}/livez`, [api])
  return stack
}

const masterKeyFile = 'master.key'

/** The values that must stand nowhere, by its settings and in its data folder. */
async function secretsOf(env: Record<string, string> & { AUGUR_DATA_DIR: string }): Promise<string[]> {
  const { AUGUR_DATA_DIR: dataDir, AUGUR_API_KEY = '', AUGUR_MASTER_KEY = '' } = env
  const made = await readFile(join(dataDir, masterKeyFile), 'utf8').catch(() => '')
  return [AUGUR_API_KEY, AUGUR_MASTER_KEY, made.trim()].filter((secret) => secret !== '')
}

/** Asks until the answer is 200. @throws Error when one of the processes ended by itself */
async function answering(url: string, processes: readonly StackProcess[]): Promise<void> {
  while ((await statusOf(url)) !== 200) {
    const failed = processes.filter((process_) => process_.hasFailed())
    if (failed.length > 0)
      throw new Error(`a process ended: ${failed.map((each) => each.output()).join('\n')}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function statusOf(url: string): Promise<number | undefined> {
  const response = await fetch(url).catch(() => null)
  await response?.text()
  return response?.status
}

/** Direct children of a process that runs now, by the kernel's table; a worker's are its runners. */
export function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    return children === '' ? [] : children.split(' ').map(Number)
  } catch {
    return []
  }
}

/** All processes that a process started and that these started, and so on. */
export function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)])
}

/** Whether the process runs; one that ended and was not yet asked for its exit code does not. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}
