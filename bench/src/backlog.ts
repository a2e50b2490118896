import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { modelTag, newPredictionId } from '@augur/core/ids'
import { NewPredictions } from '@augur/core/predictions/new-predictions'
import type { Prediction } from '@augur/core/predictions/prediction'
import { PredictionIndex } from '@augur/core/predictions/prediction-index'
import { PredictionStore } from '@augur/core/predictions/prediction-store'
import { OpenPredictions } from '@augur/core/quotas/open-predictions'
import { PredictionQueues } from '@augur/core/queue/prediction-queues'
import { createKeys } from '@augur/core/redis/keys'
import { Redis } from 'ioredis'
import { Pool } from 'undici'
import { startAugur } from './augur.js'
import { Client } from './client.js'
import { cpuSecondsOf, readProcesses } from './cpu.js'
import { type Digit, readDigits } from './digits.js'
import type { Figure, Findings } from './findings.js'
import { cpuMsEach, measureCost } from './measure-cost.js'
import { observeRedis, type RedisObserver } from './redis-commands.js'
import type { System } from './system.js'

export interface BacklogOptions {
  /** The repository. */
  root: string
  /** How many predictions are in the queue while it is measured, ascending. */
  queued: readonly number[]
  /** Created, and run, at each length. */
  predictions: number
  connections: number
}

interface Bench {
  options: BacklogOptions
  system: System
  observer: RedisObserver
  store: Store
  digits: readonly Digit[]
  admin: Pool
}

/** What a prediction costs while so many are in the queue, in CPU milliseconds. */
interface Level {
  queued: number
  createMs: number
  runMs: number
  /** Memory that Redis uses then. */
  redisBytes: number
}

const warmUpPredictions = 500
const dayMs = 24 * 3_600_000
const writtenAtOnce = 5000
/** As the digits have it. */
const mostTogether = 32
const mostRedisBytes = 12 * 1024 ** 3
/** Longer than the reconciler sleeps between two looks. */
const lookingWindowMs = 12_000
const mostLookingMs = 300_000
/** Of a core, for API, worker and runners that have nothing to do. */
const quietShare = 0.15

/** What creating and running a prediction costs beside a queue that is long already. */
export async function measureBacklog(options: BacklogOptions): Promise<Findings> {
  const digits = await readDigits(join(options.root, 'models/digits'))
  const settings = { AUGUR_REDIS_MAX_BYTES: String(mostRedisBytes), AUGUR_MAX_OPEN_PER_VERSION: '0' }
  const system = await startAugur({ root: options.root, signal: new AbortController().signal, settings })
  const observer = observeRedis(system.redisUrl)
  const store = openStore(system.redisUrl)
  const admin = new Pool(system.origin)
  const bench = { options, system, observer, store, digits, admin }
  try {
    const first = await submit(bench, warmUpPredictions)
    await untilRun(bench, first, warmUpPredictions)
    const levels: Level[] = []
    for (const queued of options.queued) {
      levels.push(await levelOf(bench, first, queued))
      process.stderr.write(`${JSON.stringify(levels.at(-1))}\n`)
    }
    return findingsOf(levels, options)
  } finally {
    await admin.close()
    await store.close()
    observer.close()
    await system.stop()
  }
}

async function levelOf(bench: Bench, like: Prediction, queued: number): Promise<Level> {
  const { system, observer, options } = bench
  await hold(bench, like.version, 'pause')
  await fill(bench, like, queued)
  if (queued > 0) await untilLookedThrough(system)
  const redisBytes = await bench.store.usedBytes()
  const created = await measureCost(system, observer, () => submit(bench, options.predictions))
  const before = await endedOf(bench, like)
  const ran = await measureCost(system, observer, async () => {
    await hold(bench, like.version, 'resume')
    await untilRun(bench, like, before + options.predictions)
    await hold(bench, like.version, 'pause')
  })
  const ended = (await endedOf(bench, like)) - before
  return {
    queued,
    createMs: cpuMsEach(created.cost, options.predictions),
    runMs: cpuMsEach(ran.cost, ended),
    redisBytes,
  }
}

/** Submits digits over HTTP. Gives the record of one of them. */
async function submit({ system, digits, options, store }: Bench, count: number): Promise<Prediction> {
  const client = new Client(system, options.connections)
  let next = 0
  let last = ''
  const work = async () => {
    while (next < count) {
      const digit = digits[next++ % digits.length]
      if (digit) last = (await client.create(digit)).id
    }
  }
  await Promise.all(Array.from({ length: options.connections }, work))
  await client.close()
  const prediction = await store.predictions.read(last)
  if (prediction === null) throw new Error(`there is no record of ${last}`)
  return prediction
}

/** Has so many in the queue, written as the API writes them. */
async function fill({ store }: Bench, like: Prediction, queued: number): Promise<void> {
  const { open } = await store.predictions.counts(modelTag(like.model), like.version)
  for (let missing = queued - open; missing > 0; missing -= writtenAtOnce) {
    const some = Array.from({ length: Math.min(missing, writtenAtOnce) }, (): Prediction => {
      const createdAt = Date.now()
      const { sharedJob: _, ...plain } = like
      const id = newPredictionId(modelTag(like.model), createdAt)
      return { ...plain, id, createdAt, status: 'starting', startedAt: null, completedAt: null, epoch: 0 }
    })
    await Promise.all(some.map((prediction) => store.created.store(prediction, { turn: 1, mostTogether })))
  }
}

/**
 * Waits until the reconciler has been through what was put into the queue at once: it looks at each new prediction one
 * time, and here would do so while others are measured.
 */
async function untilLookedThrough(system: System): Promise<void> {
  const deadline = performance.now() + mostLookingMs
  while (performance.now() < deadline) {
    const before = cpuSecondsOfAll(system)
    await delay(lookingWindowMs)
    const busy = cpuSecondsOfAll(system) - before
    if (busy < (quietShare * lookingWindowMs) / 1000) return
  }
}

function cpuSecondsOfAll(system: System): number {
  const all = readProcesses()
  return system.processes().reduce((sum, { pid }) => sum + cpuSecondsOf(pid, all), 0)
}

async function endedOf({ store }: Bench, { model: name, version }: Prediction): Promise<number> {
  return store.predictions.ran(modelTag(name), version)
}

async function untilRun(bench: Bench, like: Prediction, count: number): Promise<void> {
  while ((await endedOf(bench, like)) < count) await delay(20)
}

async function hold({ admin }: Bench, version: string, change: 'pause' | 'resume'): Promise<void> {
  const { statusCode, body } = await admin.request({
    method: 'POST',
    path: `/admin/versions/${version}/${change}`,
  })
  const text = await body.text()
  if (statusCode !== 200) throw new Error(`${change} was answered ${statusCode}: ${text}`)
}

type Store = ReturnType<typeof openStore>

function openStore(redisUrl: string) {
  const redis = new Redis(redisUrl)
  const keys = createKeys('augur')
  const predictions = new PredictionStore(redis, keys, 7 * dayMs)
  const queues = new PredictionQueues(redis, keys)
  const index = new PredictionIndex(redis, keys)
  const openPredictions = new OpenPredictions(redis, keys)
  return {
    predictions,
    created: new NewPredictions({ predictions, index, openPredictions, queues }),
    async usedBytes() {
      const info = await redis.info('memory')
      return Number(/^used_memory:(\d+)/m.exec(info)?.[1])
    },
    async close() {
      await queues.close()
      redis.disconnect()
    },
  }
}

function findingsOf(levels: readonly Level[], { predictions, connections }: BacklogOptions): Findings {
  const [first] = levels
  const beside = (title: string, of: (level: Level) => number) =>
    levels.map((level): Figure => {
      const name = `at ${first?.queued.toLocaleString('en-US')}`
      const floor = level === first ? {} : { floor: { name, values: first ? [of(first)] : [] } }
      return {
        title: `${title} with ${level.queued.toLocaleString('en-US')} queued, CPU ms`,
        places: 3,
        values: [of(level)],
        ...floor,
        ...(level !== first && { target: { atMost: 1.2 } }),
      }
    })
  const memory = levels.map(({ queued, redisBytes: bytes }): Figure => {
    return {
      title: `Redis with ${queued.toLocaleString('en-US')} queued, MB`,
      places: 0,
      values: [bytes / 1e6],
    }
  })
  const figures = [
    ...beside('create', (level) => level.createMs),
    ...beside('run', (level) => level.runMs),
    ...memory,
  ]
  const title = `${predictions} digits created over ${connections} connections, and as many run, beside a queue`
  return { title, figures, isRight: true }
}
