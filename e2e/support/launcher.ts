import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findRedisBinary } from '@augur/core/redis/find-redis-binary'
import { until } from './until.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Launcher {
  child: ChildProcess
  /** What it has written so far, with what its processes wrote. */
  stdout(): string
  stderr(): string
  /** Waits for a text; throws when the launcher ends without it. */
  untilSaid(text: string): Promise<void>
  /** Settles when it has ended and everything it wrote was read. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** A data folder in which the launcher finds the Redis of this machine, so that it need not fetch one. */
export async function temporaryDataDir(): Promise<{ path: string; remove(): Promise<void> }> {
  const packageDir = join(root, '.augur/redis/package')
  const { source } = await findRedisBinary({ packageDir, env: process.env })
  const path = await mkdtemp(join(tmpdir(), 'augur-launcher-'))
  await mkdir(join(path, 'redis'))
  if (source === 'package') await symlink(packageDir, join(path, 'redis/package'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** Runs `augur up` as `npm start` does. Nothing of a developer's own settings reaches it but what is given. */
export function launch(env: Record<string, string>): Launcher {
  const child = spawn(process.execPath, [join(root, 'apps/cli/dist/main.js'), 'up'], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, REDIS_URL: '', AUGUR_LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const written = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (written.stdout += chunk))
  child.stderr.on('data', (chunk: Buffer) => (written.stderr += chunk))
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  return {
    child,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    ended,
    async untilSaid(text) {
      await until(() => {
        const said = written.stdout + written.stderr
        if (said.includes(text)) return true
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`ended without "${text}": ${said}`)
        return false
      })
    },
  }
}
