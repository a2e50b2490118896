import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { promisify } from 'node:util'
import { freePort } from '@augur/test-support/free-port'
import { descendantsOf, isRunning } from '@augur/test-support/test-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Launcher, launch, temporaryDataDir } from './support/launcher.js'
import { until } from './support/until.js'

const run = promisify(execFile)

let data: Awaited<ReturnType<typeof temporaryDataDir>>
let port: number
let launcher: Launcher
beforeAll(async () => {
  data = await temporaryDataDir()
  port = await freePort()
  launcher = launch({ PORT: String(port), AUGUR_DATA_DIR: data.path })
  await launcher.untilSaid('Ctrl-C stops everything.')
})
afterAll(async () => {
  launcher?.child.kill('SIGTERM')
  await launcher?.ended
  await data?.remove()
})

/** The process that the launcher started from this script. */
function childRunning(script: string): number | undefined {
  return descendantsOf(launcher.child.pid ?? 0).find((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(script)
    } catch {
      return false
    }
  })
}

/** Runs the command that the launcher printed, as somebody would who pastes it into a shell. */
async function runPrintedCommand(): Promise<unknown> {
  const command = /^ *(curl .*)$/m.exec(launcher.stdout())?.[1] ?? 'printed no curl'
  const { stdout } = await run('bash', ['-c', command])
  return JSON.parse(stdout)
}

async function listenOn(wanted: number): Promise<Server> {
  const server = createServer().listen(wanted, '127.0.0.1')
  await once(server, 'listening')
  return server
}

test('when all is up it says where, and the command that it prints answers', async () => {
  expect(launcher.stdout()).toContain('Augur is ready.')
  expect(launcher.stdout()).toContain(`http://127.0.0.1:${port}/api/v1`)
  expect(await runPrintedCommand()).toMatchObject({
    prediction: { model: 'augur/digits', status: 'succeeded', output: { label: '6' } },
  })
})

test('an API process that is killed is started again, and that is said', async () => {
  const before = childRunning('apps/api/dist/main.js') ?? 0
  process.kill(before, 'SIGKILL')
  await launcher.untilSaid('api ended by SIGKILL; starting it again.')
  await until(async () => {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null)
    return response?.status === 200
  })
  expect(childRunning('apps/api/dist/main.js')).not.toBe(before)
  expect(await runPrintedCommand()).toMatchObject({ prediction: { status: 'succeeded' } })
})

test('a port that is taken is one line and exit code 1', async () => {
  const second = launch({ PORT: String(port), AUGUR_DATA_DIR: data.path })
  expect(await second.ended).toEqual({ code: 1, signal: null })
  expect(second.stdout() + second.stderr()).toBe(
    `Port ${port} on 127.0.0.1 is in use by another program. Choose another: PORT=${port + 1} npm start\n`,
  )
})

test('settings that are wrong are named, all of them, with exit code 1', async () => {
  const wrong = launch({ PORT: 'eighty', AUGUR_WORKERS: '0', AUGUR_DATA_DIR: data.path })
  expect(await wrong.ended).toEqual({ code: 1, signal: null })
  expect(wrong.stderr()).toMatch(/^Settings are wrong:\n {2}PORT: .+\n {2}AUGUR_WORKERS: .+\n$/)
})

test('Ctrl-C ends everything that was started, and the port is free again', async () => {
  const tree = descendantsOf(launcher.child.pid ?? 0)
  // Redis and its guard, the API, a worker and its runners of two versions.
  expect(tree.length).toBeGreaterThanOrEqual(6)
  launcher.child.kill('SIGINT')
  expect(await launcher.ended).toEqual({ code: 0, signal: null })
  await until(() => !tree.some(isRunning))
  const server = await listenOn(port)
  server.close()
})

test('what was started ends by itself when the launcher is killed', async () => {
  const abandoned = launch({ PORT: '0', AUGUR_DATA_DIR: data.path })
  await abandoned.untilSaid('Ctrl-C stops everything.')
  const tree = descendantsOf(abandoned.child.pid ?? 0)
  abandoned.child.kill('SIGKILL')
  await until(() => !tree.some(isRunning))
  expect(tree.length).toBeGreaterThanOrEqual(6)
})
