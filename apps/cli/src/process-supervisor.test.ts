import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Output } from './output.js'
import {
  backOffMs,
  ProcessSupervisor,
  type ProcessSpec,
  type SupervisorOptions,
} from './process-supervisor.js'

let folder: string
let lines: PassThrough
let supervisor: ProcessSupervisor
let outputEnded: Promise<unknown>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'augur-supervisor-'))
  lines = new PassThrough({ encoding: 'utf8' })
  supervise()
})

afterEach(async () => {
  supervisor.kill()
  await supervisor.stop()
  await rm(folder, { recursive: true, force: true })
})

function supervise(options: Partial<SupervisorOptions> = {}): ProcessSupervisor {
  const output: Output = {
    line: () => undefined,
    error: () => undefined,
    stdio: 'pipe',
    attach(stream) {
      if (!stream) return
      stream.pipe(lines, { end: false })
      outputEnded = once(stream, 'close')
    },
  }
  supervisor = new ProcessSupervisor({ output, onUnexpectedExit: () => 'restart', ...options })
  return supervisor
}

/** A process that runs `source`, which can use `log(text)` to append a line to the file `log`. */
async function script(name: string, source: string): Promise<ProcessSpec> {
  const path = join(folder, `${name}.cjs`)
  const log = `const log = (text) => require('fs').appendFileSync(${JSON.stringify(join(folder, 'log'))}, text + '\\n')`
  await writeFile(path, `${log}\n${source}`)
  return { name, script: path, env: {}, cwd: folder, stopWithinMs: 5000 }
}

async function printed(text: string): Promise<string> {
  let all = ''
  while (!all.includes(text)) all += String((await once(lines, 'data'))[0])
  return all
}

const log = () => readFile(join(folder, 'log'), 'utf8').then((text) => text.trim().split('\n'))
const stayAlive = 'setInterval(() => {}, 1000)'
const obedient = (name: string) =>
  `process.on('SIGTERM', () => { log('${name} stopped'); process.exit(0) }); ${stayAlive}; console.log('${name} up')`

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('the pause before a restart doubles from 200 ms and ends at 10 s', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 60].map(backOffMs)).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000])
})

test('a process that keeps ending is started again, each time after a longer pause', async () => {
  const pauses: number[] = []
  const restartDelayMs = (quickEnds: number) => pauses.push(quickEnds) - pauses.length
  const source = `log('run'); if (require('fs').readFileSync('log', 'utf8').split('\\n').length > 3) {
    ${stayAlive}; console.log('steady') } else process.exit(1)`
  supervise({ restartDelayMs }).start([await script('flaky', source)])
  await printed('steady')
  expect(pauses).toEqual([0, 1])
})

test('a process that lived long enough starts again as if for the first time', async () => {
  const pauses: number[] = []
  const restartDelayMs = (quickEnds: number) => pauses.push(quickEnds) - pauses.length
  const source = `log('run'); if (require('fs').readFileSync('log', 'utf8').split('\\n').length > 3) {
    ${stayAlive}; console.log('steady') } else process.exit(1)`
  supervise({ restartDelayMs, steadyAfterMs: 0 }).start([await script('flaky', source)])
  await printed('steady')
  expect(pauses).toEqual([0, 0])
})

test('an end that nobody asked for is reported with its cause, and left alone when told so', async () => {
  const exits: unknown[] = []
  const reported = new Promise<void>((resolve) => {
    supervise({
      onUnexpectedExit(exit) {
        exits.push(exit)
        resolve()
        return 'leave'
      },
    })
  })
  supervisor.start([await script('once', 'process.exit(3)')])
  await reported
  expect(exits).toEqual([{ name: 'once', code: 3, signal: null }])
  expect(supervisor.running()).toEqual([])
})

test('the stage that started last stops first, and the next only when it is gone', async () => {
  const slow = `process.on('SIGTERM', () => setTimeout(() => { log('api stopped'); process.exit(0) }, 100)); ${stayAlive}`
  supervise().start([await script('worker', obedient('worker'))])
  supervisor.start([await script('api', `${slow}; console.log('api up')`)])
  const seen = await printed('up')
  if (!seen.includes('worker up') || !seen.includes('api up')) await printed('up')
  await supervisor.stop()
  expect(await log()).toEqual(['api stopped', 'worker stopped'])
})

test('a process that ignores SIGTERM is killed when its time is over', async () => {
  const spec = await script(
    'stubborn',
    `process.on('SIGTERM', () => log('ignored')); ${stayAlive}; console.log('up')`,
  )
  supervise().start([{ ...spec, stopWithinMs: 100 }])
  await printed('up')
  const [running] = supervisor.running()
  await supervisor.stop()
  expect(await log()).toEqual(['ignored'])
  expect(running && isAlive(running.pid)).toBe(false)
})

test('what a dead process had started does not outlive it', async () => {
  const source = `require('child_process').spawn(process.execPath, ['-e', 'console.log("child up"); ${stayAlive}'], { stdio: 'inherit' })
    ${stayAlive}`
  const spec = await script('parent', source)
  supervise({ onUnexpectedExit: () => 'leave' }).start([spec])
  await printed('child up')
  const [parent] = supervisor.running()
  process.kill(parent?.pid ?? 0, 'SIGKILL')
  // Both write to the same pipe, which ends when the last of them is gone.
  await expect(outputEnded).resolves.toBeDefined()
})

test('a process waiting for its restart is not started after stop', async () => {
  const reported = new Promise<void>((resolve) => {
    supervise({ restartDelayMs: () => (resolve(), 50) })
  })
  supervisor.start([await script('flaky', `log('run'); process.exit(1)`)])
  await reported
  await supervisor.stop()
  await appendFile(join(folder, 'log'), 'after stop\n')
  expect(supervisor.running()).toEqual([])
  expect(await log()).toEqual(['run', 'after stop'])
})

test('a started process is told to end with the launcher and gets a standard input that shows it', async () => {
  const source = `process.stdin.resume().once('close', () => log('closed')); console.log('up ' + process.env.AUGUR_EXIT_WITH_PARENT)`
  supervise().start([await script('child', source)])
  expect(await printed('up')).toContain('up 1')
  expect(existsSync(join(folder, 'log'))).toBe(false)
})
