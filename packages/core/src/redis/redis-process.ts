import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { deadline } from '../deadline.js'
import { StartupError } from '../startup-error.js'
import type { RedisBinary } from './find-redis-binary.js'

export interface ProcessExit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A server of our own on the loopback address. */
export interface RedisProcess {
  url: string
  port: number
  pid: number
  /** Settles when the process has ended, for whatever reason. */
  exited: Promise<ProcessExit>
  kill(signal: NodeJS.Signals): void
  /** SIGTERM, which writes what is pending, then SIGKILL (default: after 5 s). Resolves when the process is gone. */
  stop(killAfterMs?: number): Promise<void>
}

interface StartOptions {
  binary: RedisBinary
  port: number
  /** Redis settings by name, as in redis.conf. */
  settings: Record<string, string>
  /** For a large append-only file this must cover the time to load it. */
  readyWithinMs?: number
}

const defaultKillAfterMs = 5000

/** A helper that ends the server when this process dies without a chance to do so (SIGKILL): its stdin then ends. */
function endWithThisProcess(serverPid: number): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -TERM "$0"', String(serverPid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.on('error', () => undefined)
  guard.unref()
  return guard
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid) process.kill(-child.pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}

/** Whether the server on `url` has loaded its data and is process `pid`, and not another that holds the port. */
async function untilReady(url: string, pid: number, signal: AbortSignal): Promise<boolean> {
  const client = new Redis(url, { retryStrategy: () => 10, maxRetriesPerRequest: null })
  client.on('error', () => undefined)
  signal.addEventListener('abort', () => client.disconnect())
  try {
    const info = await client.info('server')
    if (info.includes(`process_id:${pid}\r\n`)) return true
    // The port is another's, and ours will say so and end by itself.
    await once(signal, 'abort')
    return false
  } catch {
    return false
  } finally {
    client.disconnect()
  }
}

async function waitForReady(url: string, server: Launched, withinMs: number): Promise<boolean> {
  const ended = new AbortController()
  const limit = deadline(withinMs, ended.signal)
  const died = server.exited.then(() => false)
  const answer = await Promise.race([untilReady(url, server.pid, limit.signal), died])
  ended.abort()
  limit.clear()
  return answer
}

interface Launched {
  pid: number
  exited: Promise<ProcessExit>
  kill: (signal: NodeJS.Signals) => void
  /** The end of what it printed. */
  printed(): string
}

function launch(binary: RedisBinary, settings: Record<string, string>): Launched {
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  // A group of its own: Ctrl-C in a terminal must not reach it before those who still write to it.
  const child = spawn(binary.command, args, {
    env: binary.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let tail = ''
  const keepTail = (chunk: Buffer) => (tail = (tail + chunk.toString()).slice(-2000))
  child.stdout.on('data', keepTail)
  child.stderr.on('data', keepTail)
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', () => resolve({ code: null, signal: null }))
  })
  if (child.pid) {
    const guard = endWithThisProcess(child.pid)
    void exited.then(() => killGroup(guard))
  }
  return {
    pid: child.pid ?? 0,
    exited,
    kill: (signal) => void child.kill(signal),
    printed: () => tail.trim(),
  }
}

async function stop(server: Launched, killAfterMs = defaultKillAfterMs): Promise<void> {
  server.kill('SIGTERM')
  const force = setTimeout(() => server.kill('SIGKILL'), killAfterMs)
  await server.exited
  clearTimeout(force)
}

/**
 * Starts a server on 127.0.0.1:`port` in a process group of its own and waits until it is ready.
 * @throws StartupError with what it printed last, when it ended or did not get ready in time.
 */
export async function startRedisProcess(options: StartOptions): Promise<RedisProcess> {
  const { binary, port, settings } = options
  const url = `redis://127.0.0.1:${port}`
  const server = launch(binary, { ...settings, bind: '127.0.0.1', port: String(port), daemonize: 'no' })
  if (!(await waitForReady(url, server, options.readyWithinMs ?? 10_000))) {
    await stop(server)
    const reason = server.printed() || `see ${settings.logfile ?? 'what it printed'}`
    throw new StartupError(`${binary.command} did not get ready on port ${port}: ${reason}`)
  }
  return {
    url,
    port,
    pid: server.pid,
    exited: server.exited,
    kill: server.kill,
    stop: (killAfterMs?: number) => stop(server, killAfterMs),
  }
}
