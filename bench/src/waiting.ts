import { setTimeout as delay } from 'node:timers/promises'
import { modelTag } from '@augur/core/ids'
import type { ModelVersion } from '@augur/core/models/version'
import { PredictionStore } from '@augur/core/predictions/prediction-store'
import { createKeys } from '@augur/core/redis/keys'
import { Redis } from 'ioredis'
import { Pool } from 'undici'
import { addingModel } from './adding-model.js'
import { cpuSecondsOf, readProcesses, residentBytesOf } from './cpu.js'
import type { Figure, Findings } from './findings.js'
import { cpuMsEach, measureCost } from './measure-cost.js'
import { predictAll } from './predict.js'
import type { RedisObserver } from './redis-commands.js'
import type { System } from './system.js'
import { withModels } from './with-models.js'

export interface WaitingOptions {
  /** The repository. */
  root: string
  /** Made beside the waiting clients, on another model. */
  predictions: number
  connections: number
}

interface Bench {
  options: WaitingOptions
  system: System
  redis: RedisObserver
  /** The first model, whose predictions are held back: whoever waits for one goes on waiting. */
  held: ModelVersion
  store: PredictionStore
}

interface Level {
  clients: number
  apiBytes: number
  /** Of the API while the clients wait and nothing else is asked, in per cent of a core. */
  idleShare: number
  rate: number
  cpuMs: number
}

const counts = [0, 100, 1000, 5000]
const idleMs = 5000
/** Clients that come together: a server is not to be asked by thousands in one instant. */
const atATime = 200
const recordRetentionMs = 24 * 3_600_000

/** What clients that wait for an answer cost the API, and those who make predictions beside them. */
export async function measureWaiting(options: WaitingOptions): Promise<Findings> {
  const versions: ModelVersion[] = []
  const write = async (modelsDir: string) => {
    for (const number of [1, 2]) versions.push(await addingModel(modelsDir, number))
  }
  const { root } = options
  return withModels({ root, write }, async (system, redis) => {
    const [held] = versions
    if (!held) throw new Error('there is no model')
    const client = new Redis(system.redisUrl)
    const store = new PredictionStore(client, createKeys('augur'), recordRetentionMs)
    const bench = { options, system, redis, held, store }
    try {
      return findingsOf(await measure(bench), options)
    } finally {
      client.disconnect()
    }
  })
}

async function measure(bench: Bench): Promise<Level[]> {
  const { system, held, options } = bench
  const pool = new Pool(system.origin, { connections: options.connections })
  try {
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: `/admin/versions/${held.id}/pause`,
    })
    await body.dump()
    if (statusCode !== 200) throw new Error(`pause was answered ${statusCode}`)
    await predictAll({ ...loadOf(bench, pool), count: 2 * options.connections })
    const levels: Level[] = []
    for (const clients of counts) {
      levels.push(await levelOf(bench, pool, clients))
      process.stderr.write(`${JSON.stringify(levels.at(-1))}\n`)
    }
    return levels
  } finally {
    await pool.close()
  }
}

const loadOf = ({ options: { predictions: count, connections } }: Bench, pool: Pool) => ({
  pool,
  model: 'add-2',
  input: { x: [1, 2, 3] },
  count,
  connections,
})

async function levelOf(bench: Bench, pool: Pool, clients: number): Promise<Level> {
  const { system, redis, options } = bench
  const leave = await hold(bench, clients)
  const api = system.processes().find(({ name }) => name === 'api')?.pid ?? 0
  const cpuBefore = cpuSecondsOf(api, readProcesses())
  await delay(idleMs)
  const idleShare = (100_000 * (cpuSecondsOf(api, readProcesses()) - cpuBefore)) / idleMs
  const { result: rate, cost } = await measureCost(system, redis, () => predictAll(loadOf(bench, pool)))
  const apiBytes = residentBytesOf(api, readProcesses())
  await leave()
  return { clients, apiBytes, idleShare, rate, cpuMs: cpuMsEach(cost, options.predictions) }
}

/** Has so many clients wait. Gives the function that lets them leave. */
async function hold({ system, held, store }: Bench, clients: number): Promise<() => Promise<void>> {
  const pool = new Pool(system.origin, { connections: Math.max(1, clients), headersTimeout: 0 })
  const open = async () => (await store.counts(modelTag(held.model), held.id)).open
  const before = await open()
  const waiting: Promise<unknown>[] = []
  // Who does not wait any more has ended the measurement.
  const left = new AbortController()
  const wait = () => waitForEver(pool).catch((error: unknown) => left.abort(error))
  while (waiting.length < clients) {
    for (let i = 0; i < atATime && waiting.length < clients; i++) waiting.push(wait())
    while ((await open()) < before + waiting.length) {
      left.signal.throwIfAborted()
      await delay(20)
    }
  }
  return async () => {
    left.signal.throwIfAborted()
    await pool.destroy()
    await Promise.all(waiting)
  }
}

/** Waits for a prediction that is held back, and again whenever the time for one request is over. */
async function waitForEver(pool: Pool): Promise<never> {
  const created = await ask(pool, {
    method: 'POST',
    path: '/api/v1/models/augur/add-1/predictions',
    headers: { 'content-type': 'application/json', prefer: 'wait=55' },
    body: JSON.stringify({ input: { x: [1, 2, 3] } }),
  })
  for (;;) await ask(pool, { method: 'GET', path: `/api/v1/predictions/${created.id}?wait=55` })
}

async function ask(pool: Pool, request: Parameters<Pool['request']>[0]): Promise<{ id: string }> {
  const { statusCode, body } = await pool.request(request)
  const text = await body.text()
  if (statusCode !== 202 && statusCode !== 200)
    throw new Error(`a client that waits was answered ${statusCode}: ${text}`)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the routes above answer so
  return JSON.parse(text) as { id: string }
}

function findingsOf(levels: readonly Level[], { predictions, connections }: WaitingOptions): Findings {
  const [first] = levels
  const beside = (title: string, places: number, of: (level: Level) => number) =>
    levels.map((level): Figure => {
      const floor = level === first || !first ? {} : { floor: { name: 'with none', values: [of(first)] } }
      const clients = level.clients.toLocaleString('en-US')
      return { title: `${title}, ${clients} waiting`, places, values: [of(level)], ...floor }
    })
  const title = `clients that wait, and ${predictions} predictions over ${connections} connections beside them`
  const figures = [
    ...beside('API, resident MB', 0, ({ apiBytes }) => apiBytes / 1e6),
    ...beside('API, % of a core', 2, ({ idleShare }) => idleShare),
    ...beside('CPU ms of a prediction', 3, ({ cpuMs }) => cpuMs),
    ...beside('predictions /s', 0, ({ rate }) => rate),
  ]
  return { title, figures, isRight: true }
}
