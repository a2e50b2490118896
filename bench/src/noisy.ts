import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { median, percentile } from '@augur/core/statistics/quantiles'
import { Pool } from 'undici'
import { startAugur } from './augur.js'
import { type Digit, readDigits } from './digits.js'
import type { Figure, Findings } from './findings.js'

export interface NoisyOptions {
  /** The repository. */
  root: string
  rounds: number
  /** Of the quiet tenant, in each turn. */
  predictions: number
  /** Clients of the noisy tenant. */
  connections: number
}

interface Round {
  /** Of the quiet tenant, from a submission to its answer. */
  aloneMs: number
  besideMs: number
  /** Of the noisy tenant's submissions: the median of those that were accepted, the p99 of those that were refused. */
  acceptedMs: number
  refusedMs: number
  refusedPerSecond: number
}

/** What a key may send in a second, and how many times as much the noisy one sends. */
const quota = 10
const excess = 100
const path = '/api/v1/models/augur/digits/predictions'

/** What a tenant notices of another one who sends a hundred times what his key may, and what a refusal costs that one. */
export async function measureNoisy(options: NoisyOptions): Promise<Findings> {
  const digits = await readDigits(join(options.root, 'models/digits'))
  const admin = randomBytes(24).toString('hex')
  const settings = { AUGUR_API_KEY: admin }
  const system = await startAugur({ root: options.root, signal: new AbortController().signal, settings })
  const pool = new Pool(system.origin, { connections: options.connections + 1 })
  try {
    const keyOf = (tenant: string, limits: object) => createKey(pool, admin, { tenant, ...limits })
    const quiet = await keyOf('quiet', {})
    const noisy = await keyOf('noisy', { requests_per_second: quota })
    const tenants = { pool, digits, quiet, noisy, options }
    await turnOf(tenants)
    const rounds: Round[] = []
    for (let i = 0; i < options.rounds; i++) {
      rounds.push(await roundOf(tenants))
      process.stderr.write(`${JSON.stringify(rounds.at(-1))}\n`)
    }
    return findingsOf(rounds, options)
  } finally {
    await pool.close()
    await system.stop()
  }
}

interface Tenants {
  pool: Pool
  digits: readonly Digit[]
  quiet: string
  noisy: string
  options: NoisyOptions
}

async function createKey(pool: Pool, admin: string, wanted: { tenant: string }): Promise<string> {
  const { body } = await pool.request({
    method: 'POST',
    path: '/admin/keys',
    headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: wanted.tenant, scopes: ['predict', 'read'], ...wanted }),
  })
  const { key } = (await body.json()) as { key: string }
  return key
}

async function roundOf(tenants: Tenants): Promise<Round> {
  const aloneMs = median(await turnOf(tenants))
  const noise = new AbortController()
  const sending = makeNoise(tenants, noise.signal)
  const besideMs = median(await turnOf(tenants))
  noise.abort()
  const { accepted, refused, seconds } = await sending
  return {
    aloneMs,
    besideMs,
    acceptedMs: median(accepted),
    refusedMs: percentile(refused, 0.99),
    refusedPerSecond: refused.length / seconds,
  }
}

/** The quiet tenant's predictions, one after the other, with a pause between as of somebody who reads the answer. */
async function turnOf({ pool, digits, quiet, options }: Tenants): Promise<number[]> {
  const latencies: number[] = []
  for (let i = 0; i < options.predictions; i++) {
    const digit = digits[i % digits.length]
    const { status, ms } = await submit(pool, quiet, digit, { prefer: 'wait' })
    if (status !== 201) throw new Error(`the quiet tenant was answered ${status}`)
    latencies.push(ms)
    await delay(10)
  }
  return latencies
}

/** Sends a hundred times the quota until it is told to stop. */
async function makeNoise({ pool, digits, noisy, options }: Tenants, signal: AbortSignal) {
  const accepted: number[] = []
  const refused: number[] = []
  const startedAt = performance.now()
  let sent = 0
  const client = async () => {
    while (!signal.aborted) {
      const dueAt = startedAt + (1000 * sent++) / (quota * excess)
      await delay(Math.max(0, dueAt - performance.now()))
      const { status, ms } = await submit(pool, noisy, digits[sent % digits.length], {})
      if (status === 201) accepted.push(ms)
      else if (status === 429) refused.push(ms)
      else throw new Error(`the noisy tenant was answered ${status}`)
    }
  }
  await Promise.all(Array.from({ length: options.connections }, client))
  return { accepted, refused, seconds: (performance.now() - startedAt) / 1000 }
}

async function submit(pool: Pool, key: string, digit: Digit | undefined, headers: Record<string, string>) {
  const startedAt = performance.now()
  const { statusCode: status, body } = await pool.request({
    method: 'POST',
    path,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ input: digit?.input }),
  })
  await body.dump()
  return { status, ms: performance.now() - startedAt }
}

function findingsOf(rounds: readonly Round[], { predictions }: NoisyOptions): Findings {
  const of = (pick: (round: Round) => number) => rounds.map(pick)
  const figures: Figure[] = [
    {
      title: `quiet beside ${excess} times the quota of another, ms`,
      places: 1,
      values: of(({ besideMs }) => besideMs),
      floor: { name: 'alone', values: of(({ aloneMs }) => aloneMs) },
      target: { atMost: 1.5 },
    },
    {
      title: 'the other: refused, p99, ms',
      places: 1,
      values: of(({ refusedMs }) => refusedMs),
      floor: { name: 'accepted, median', values: of(({ acceptedMs }) => acceptedMs) },
      target: { atMost: 1 },
    },
    { title: 'the other: refused /s', places: 0, values: of((round) => round.refusedPerSecond) },
  ]
  const title = `${predictions} predictions of a quiet tenant in each turn, ${rounds.length} rounds`
  return { title, figures, isRight: true }
}
