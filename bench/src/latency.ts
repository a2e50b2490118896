import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { percentile } from '@augur/core/statistics/quantiles'
import { Redis } from 'ioredis'
import { Pool } from 'undici'
import { startAugur } from './augur.js'
import { Client } from './client.js'
import { type Digit, readDigits } from './digits.js'
import type { Figure, Findings, Target } from './findings.js'
import type { System } from './system.js'
import { WebhookReceiver } from './webhook-receiver.js'
import { startYardstick } from './yardstick/start.js'

export interface LatencyOptions {
  /** The repository. */
  root: string
  rounds: number
  /** By each way in each turn. */
  predictions: number
}

/** Milliseconds from the submission to the answer. */
type Latencies = number[]

interface Bench {
  options: LatencyOptions
  digits: readonly Digit[]
  augur: System
  yardstick: System
  signal: AbortSignal
}

const warmUpPredictions = 200
const pollEveryMs = 5
const perSecond = 50
const answeredWithinMs = 30_000

/** What each round measures, in milliseconds. `own` is the yardstick's own clock, from submitted to completed. */
interface Round {
  wait1: Latencies
  wait8: Latencies
  own1: Latencies
  poll1: Record<'augur' | 'yardstick', Latencies>
  poll8: Record<'augur' | 'yardstick', Latencies>
  webhook: Record<'augur' | 'yardstick', Latencies>
}

/** How long answers take when the servers are not busy: one and eight predictions at a time, and fifty a second. */
export async function measureLatency(options: LatencyOptions): Promise<Findings> {
  const digits = await readDigits(join(options.root, 'models/digits'))
  const { signal } = new AbortController()
  const config = { root: options.root, signal }
  const augur = await startAugur(config)
  try {
    const yardstick = await startYardstick(config)
    try {
      const bench = { options, digits, augur, yardstick, signal }
      return findingsOf(await measure(bench), options)
    } finally {
      await yardstick.stop()
    }
  } finally {
    await augur.stop()
  }
}

async function measure(bench: Bench): Promise<Round[]> {
  await roundOf(bench, warmUpPredictions)
  const rounds: Round[] = []
  for (let i = 0; i < bench.options.rounds; i++) {
    rounds.push(await roundOf(bench, bench.options.predictions))
    process.stderr.write(`round ${i + 1} of ${bench.options.rounds}\n`)
  }
  return rounds
}

async function roundOf(bench: Bench, count: number): Promise<Round> {
  const { augur, yardstick } = bench
  const both = async (of: (system: System) => Promise<Latencies>) => ({
    augur: await of(augur),
    yardstick: await of(yardstick),
  })
  return {
    wait1: await byWait(bench, count, 1),
    own1: await byOwnClock(bench, count),
    wait8: await byWait(bench, count, 8),
    poll1: await both((system) => byPoll(bench, system, count, 1)),
    poll8: await both((system) => byPoll(bench, system, count, 8)),
    webhook: await both((system) => byWebhook(bench, system, count)),
  }
}

/** Runs `predict` for so many digits, so many at a time. */
async function eachDigit(
  { digits }: Bench,
  count: number,
  outstanding: number,
  predict: (digit: Digit) => Promise<number>,
): Promise<Latencies> {
  const latencies: number[] = []
  let next = 0
  const client = async () => {
    while (next < count) {
      const digit = digits[next++ % digits.length]
      if (digit) latencies.push(await predict(digit))
    }
  }
  await Promise.all(Array.from({ length: outstanding }, client))
  return latencies
}

async function byWait(bench: Bench, count: number, outstanding: number): Promise<Latencies> {
  const { origin, paths } = bench.augur
  const pool = new Pool(origin, { connections: outstanding })
  try {
    return await eachDigit(bench, count, outstanding, async ({ input, expected }) => {
      const startedAt = performance.now()
      const { body } = await pool.request({
        method: 'POST',
        path: paths.create,
        headers: { 'content-type': 'application/json', prefer: 'wait' },
        body: JSON.stringify({ input }),
      })
      const text = await body.text()
      const lastedMs = performance.now() - startedAt
      if (!text.includes(`"label":"${expected}"`)) throw new Error(`a wrong answer: ${text}`)
      return lastedMs
    })
  } finally {
    await pool.close()
  }
}

async function byPoll(bench: Bench, system: System, count: number, outstanding: number): Promise<Latencies> {
  const client = new Client(system, outstanding)
  try {
    return await eachDigit(bench, count, outstanding, async (digit) => {
      const startedAt = performance.now()
      await untilAnswered(client, (await client.create(digit)).id)
      return performance.now() - startedAt
    })
  } finally {
    await client.close()
  }
}

async function untilAnswered(client: Client, id: string): Promise<void> {
  const deadline = performance.now() + answeredWithinMs
  while (performance.now() < deadline) {
    await delay(pollEveryMs)
    if ((await client.get(id)).output) return
  }
  throw new Error(`${id} was not answered within ${answeredWithinMs} ms`)
}

/** Read from the yardstick's jobs: when each was added, and when it was completed. */
async function byOwnClock(bench: Bench, count: number): Promise<Latencies> {
  const client = new Client(bench.yardstick, 1)
  const redis = new Redis(bench.yardstick.redisUrl)
  try {
    return await eachDigit(bench, count, 1, async (digit) => {
      const { id } = await client.create(digit)
      await untilAnswered(client, id)
      const [addedAt, endedAt] = await redis.hmget(`bull:predictions:${id}`, 'timestamp', 'finishedOn')
      return Number(endedAt) - Number(addedAt)
    })
  } finally {
    redis.disconnect()
    await client.close()
  }
}

/** Fifty submissions a second, whatever the server makes of them. */
async function byWebhook({ digits, signal }: Bench, system: System, count: number): Promise<Latencies> {
  const client = new Client(system, 64)
  const receiver = new WebhookReceiver()
  await receiver.listen()
  const submittedAt = new Map<string, number>()
  try {
    const firstAt = performance.now()
    const submit = async (at: number) => {
      await delay(Math.max(0, firstAt + (at * 1000) / perSecond - performance.now()))
      const digit = digits[at % digits.length]
      const startedAt = performance.now()
      if (digit) submittedAt.set((await client.create(digit, receiver.url)).id, startedAt)
    }
    await Promise.all(Array.from({ length: count }, (_, at) => submit(at)))
    await receiver.waitFor(count, signal)
    return [...submittedAt].map(([id, at]) => (receiver.arrivedAt.get(id) ?? Number.NaN) - at)
  } finally {
    receiver.close()
    await client.close()
  }
}

interface Row {
  title: string
  share: number
  target?: Target
  augur(round: Round): Latencies
  yardstick(round: Round): Latencies
}

const rows: Row[] = [
  {
    title: 'one by one, wait / own clock, p50',
    share: 0.5,
    target: { atMost: 1.5 },
    augur: (r) => r.wait1,
    yardstick: (r) => r.own1,
  },
  {
    title: 'one by one, poll, p50',
    share: 0.5,
    augur: (r) => r.poll1.augur,
    yardstick: (r) => r.poll1.yardstick,
  },
  {
    title: 'eight at a time, poll, p50',
    share: 0.5,
    augur: (r) => r.poll8.augur,
    yardstick: (r) => r.poll8.yardstick,
  },
  {
    title: 'eight at a time, wait / poll, p50',
    share: 0.5,
    augur: (r) => r.wait8,
    yardstick: (r) => r.poll8.yardstick,
  },
  {
    title: 'fifty a second, webhook, p50',
    share: 0.5,
    target: { atMost: 1 },
    augur: (r) => r.webhook.augur,
    yardstick: (r) => r.webhook.yardstick,
  },
  {
    title: 'fifty a second, webhook, p95',
    share: 0.95,
    target: { atMost: 1 },
    augur: (r) => r.webhook.augur,
    yardstick: (r) => r.webhook.yardstick,
  },
]

function findingsOf(rounds: readonly Round[], { predictions }: LatencyOptions): Findings {
  const figures = rows.map(({ title, share, target, augur, yardstick }): Figure => {
    const floor = { name: 'yardstick', values: rounds.map((round) => percentile(yardstick(round), share)) }
    const values = rounds.map((round) => percentile(augur(round), share))
    return { title: `${title}, ms`, places: 1, values, floor, ...(target && { target }) }
  })
  const title = `latency of ${predictions} digits by each way, ${rounds.length} rounds`
  return { title, figures, isRight: true }
}
