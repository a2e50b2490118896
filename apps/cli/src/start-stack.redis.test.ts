import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '@augur/core/config'
import { freePort } from '@augur/core/free-port'
import { redisUrl } from '@augur/test-support/redis-url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { cliSettings } from './config.js'
import { fileOutput } from './output.js'
import { type Stack, type StackConfig, startStack } from './start-stack.js'

let root: string
let stack: Stack | undefined

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'augur-stack-'))
  stack = undefined
})

afterEach(async () => {
  stack?.kill()
  await stack?.stop()
  await rm(root, { recursive: true, force: true })
})

const api = `
  const server = require('http').createServer((request, response) => response.end()).listen(process.env.PORT, process.env.HOST)
  process.on('SIGTERM', () => { console.log('api stopped'); server.close(); server.closeAllConnections() })`
const worker = `
  console.log('worker', process.env.REDIS_URL, process.env.AUGUR_MODELS_DIR, process.env.AUGUR_WORKER_PORT)
  const timer = setInterval(() => {}, 1000)
  process.on('SIGTERM', () => { console.log('worker stopped'); clearInterval(timer) })`

async function config(env: Record<string, string> = {}, scripts = { api, worker }): Promise<StackConfig> {
  await writeFile(join(root, 'api.cjs'), scripts.api)
  await writeFile(join(root, 'worker.cjs'), scripts.worker)
  return {
    settings: loadConfig(cliSettings, { REDIS_URL: redisUrl(), PORT: '0', ...env }),
    env: {},
    root,
    scripts: { api: join(root, 'api.cjs'), worker: join(root, 'worker.cjs') },
    output: fileOutput(join(root, 'log')),
  }
}

const log = async () => (await readFile(join(root, 'log'), 'utf8')).trim().split('\n')

test('the processes get the Redis that was found, whole paths and a side port each', async () => {
  stack = await startStack(await config({ AUGUR_WORKERS: '2', AUGUR_WORKER_PORT: '9090' }))
  const names = stack.running().map(({ name }) => name)
  await vi.waitFor(async () => expect(await log()).toHaveLength(2))
  const models = join(root, 'models')
  const lines = [9090, 9091].map((port) => `worker ${redisUrl()} ${models} ${port}`)
  expect((await log()).toSorted()).toEqual(lines)
  expect(names).toEqual(['worker-1', 'worker-2', 'api'])
})

test('stop ends the API before the workers and frees the port', async () => {
  const port = await freePort()
  stack = await startStack(await config({ PORT: String(port) }))
  await vi.waitFor(async () => expect(await log()).toHaveLength(1))
  await stack.stop()
  expect((await log()).slice(1)).toEqual(['api stopped', 'worker stopped'])
  const again = createServer().listen(port, '127.0.0.1')
  await once(again, 'listening')
  again.close()
})

test('a worker that is killed is started again', async () => {
  stack = await startStack(await config())
  const before = stack.running().find(({ name }) => name === 'worker-1')?.pid ?? 0
  process.kill(before, 'SIGKILL')
  const current = () => stack?.running().find(({ name }) => name === 'worker-1')?.pid
  await vi.waitFor(() => expect(current()).toSatisfy((pid) => pid !== undefined && pid !== before), 5000)
  expect(stack.failed.aborted).toBe(false)
})

test('without restarts the end of a worker is a failure that names it', async () => {
  stack = await startStack(await config({ AUGUR_RESTART: 'false' }))
  const pid = stack.running().find(({ name }) => name === 'worker-1')?.pid ?? 0
  const failed = once(stack.failed, 'abort')
  process.kill(pid, 'SIGKILL')
  await failed
  expect(stack.failed.reason).toMatchObject({ message: 'worker-1 ended by SIGKILL.' })
})

test('a process that cannot start ends the start, and nothing is left', async () => {
  const attempt = startStack(await config({}, { api, worker: 'process.exit(1)' }))
  await expect(attempt).rejects.toThrow('worker-1 ended with code 1 before everything was ready.')
})

test('a start can be given up', async () => {
  const signal = AbortSignal.timeout(300)
  const neverReady = api.replace('response.end()', 'response.writeHead(503).end()')
  const attempt = startStack({ ...(await config({}, { api: neverReady, worker })), signal })
  await expect(attempt).rejects.toBe(await once(signal, 'abort').then(() => signal.reason))
})

test('a port in use is refused with another one to try', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const attempt = startStack(await config({ PORT: String(port) }))
  await expect(attempt).rejects.toThrow(
    `Port ${port} on 127.0.0.1 is in use by another program. Choose another: PORT=${port + 1} npm start`,
  )
  other.close()
})
