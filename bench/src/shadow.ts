import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { percentile } from '@augur/core/statistics/quantiles'
import { Pool } from 'undici'
import { startAugur } from './augur.js'
import { readProcesses } from './cpu.js'
import { type Digit, readDigits } from './digits.js'
import { observeRedis } from './redis-commands.js'
import type { Figure, Findings } from './findings.js'

export interface ShadowOptions {
  /** The repository. */
  root: string
  rounds: number
  /** In each turn. */
  predictions: number
  /** Clients at work at a time, each waiting for its answer. */
  connections: number
}

interface Turn {
  /** Predictions a second. */
  rate: number
  p95Ms: number
  /** Of API, worker and Redis for one prediction; runners are not in it, which work at another priority. */
  cpuMs: number
}

interface Round {
  without: Turn
  shadowed: Turn
}

/** The part of a comparison that is read here. */
interface Comparison {
  shadow: { pairs: number; agreed: number; missing: number; shed: number }
}

const counted = ['pairs', 'agreed', 'missing', 'shed'] as const
const model = '/api/v1/models/augur/digits'
const json = { 'content-type': 'application/json' }
const warmUpPredictions = 1000
/** After it every process knows of a change. */
const knownAfterMs = 1500
const drainedWithinMs = 60_000

/** What callers notice of a shadow that repeats every prediction on another version, on a machine that is busy already. */
export async function measureShadow(options: ShadowOptions): Promise<Findings> {
  const digits = await readDigits(join(options.root, 'models/digits'))
  const system = await startAugur({ root: options.root, signal: new AbortController().signal })
  const redis = observeRedis(system.redisUrl)
  const { pid } = await redis.identify()
  redis.close()
  const pids = [pid, ...system.processes().map((each) => each.pid)]
  const bench = new ShadowBench(system.origin, pids, digits, options)
  try {
    const rounds = await bench.run()
    return { ...findingsOf(rounds, options), notes: [bench.accounts()], isRight: bench.isComplete }
  } finally {
    await bench.close()
    await system.stop()
  }
}

class ShadowBench {
  /** Predictions that were to be repeated. */
  private sampled = 0
  private found: Comparison['shadow'] = { pairs: 0, agreed: 0, missing: 0, shed: 0 }
  private readonly pool: Pool

  constructor(
    origin: string,
    private readonly pids: readonly number[],
    private readonly digits: readonly Digit[],
    private readonly options: ShadowOptions,
  ) {
    this.pool = new Pool(origin, { connections: options.connections })
  }

  get isComplete(): boolean {
    const { pairs, missing, shed } = this.found
    return pairs + missing + shed === this.sampled
  }

  async run(): Promise<Round[]> {
    await this.turn(warmUpPredictions)
    // Its runner is started once, not with every prediction.
    await this.shadowedTurn(warmUpPredictions)
    const rounds: Round[] = []
    for (let i = 0; i < this.options.rounds; i++) {
      rounds.push(await this.round(i % 2 === 0))
      process.stderr.write(`round ${i + 1}: ${JSON.stringify(rounds.at(-1))}\n`)
    }
    return rounds
  }

  /** What comes first may find the machine in another state than what comes second. */
  private async round(isShadowFirst: boolean): Promise<Round> {
    const { predictions } = this.options
    const before = isShadowFirst ? null : await this.turn(predictions)
    const shadowed = await this.shadowedTurn(predictions)
    return { without: before ?? (await this.turn(predictions)), shadowed }
  }

  /** Ends once all of its shadows were repeated or left out, so that none of them runs beside the next turn. */
  private async shadowedTurn(predictions: number): Promise<Turn> {
    await this.change('PUT', { candidate: 'int8', mode: 'shadow', percent: 100 })
    const turn = await this.turn(predictions)
    const found = await this.drained(predictions)
    this.sampled += predictions
    for (const name of counted) this.found[name] += found[name]
    await this.change('DELETE')
    return turn
  }

  private async drained(predictions: number): Promise<Comparison['shadow']> {
    const deadline = performance.now() + drainedWithinMs
    for (;;) {
      await delay(200)
      const { shadow } = await this.request<Comparison>('GET', '/rollout/comparison')
      const isDone = shadow.pairs + shadow.missing + shadow.shed >= predictions
      if (isDone || performance.now() > deadline) return shadow
    }
  }

  private async turn(count: number): Promise<Turn> {
    const latencies: number[] = []
    const cpuBefore = this.cpuSeconds()
    const startedAt = performance.now()
    let next = 0
    const work = async () => {
      while (next < count) {
        const digit = this.digits[next++ % this.digits.length]
        if (digit) latencies.push(await this.predict(digit))
      }
    }
    await Promise.all(Array.from({ length: this.options.connections }, work))
    return {
      rate: (1000 * count) / (performance.now() - startedAt),
      p95Ms: percentile(latencies, 0.95),
      cpuMs: (1000 * (this.cpuSeconds() - cpuBefore)) / count,
    }
  }

  private cpuSeconds(): number {
    const own = readProcesses().filter(({ pid }) => this.pids.includes(pid))
    return own.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
  }

  /** Milliseconds from the request to the answer. */
  private async predict({ input, expected }: Digit): Promise<number> {
    const startedAt = performance.now()
    const answer = await this.request<{ output: { label: string } | null }>('POST', '/predictions', { input })
    if (answer.output?.label !== expected) throw new Error(`a wrong answer: ${JSON.stringify(answer)}`)
    return performance.now() - startedAt
  }

  private async change(method: 'PUT' | 'DELETE', body?: object): Promise<void> {
    await this.request(method, '/rollout', body)
    await delay(knownAfterMs)
  }

  private async request<T>(
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<T> {
    const { statusCode, body: answer } = await this.pool.request({
      method,
      path: `${model}${path}`,
      headers: method === 'POST' ? { ...json, prefer: 'wait' } : json,
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (statusCode >= 300) throw new Error(`${method} ${path} was answered ${statusCode}: ${text}`)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the routes above answer so
    return JSON.parse(text || 'null') as T
  }

  accounts(): string {
    const { pairs, agreed, missing, shed } = this.found
    const lost = this.sampled - pairs - missing - shed
    return `${this.sampled} shadows: ${pairs} repeated (${agreed} agreed), ${shed} shed, ${missing} missing, ${lost} open`
  }

  async close(): Promise<void> {
    await this.pool.close()
  }
}

function findingsOf(
  rounds: readonly Round[],
  { predictions, connections }: ShadowOptions,
): Pick<Findings, 'title' | 'figures'> {
  const beside = (title: string, places: number, of: (turn: Turn) => number): Figure => ({
    title: `${title} with a shadow at 100 %`,
    places,
    values: rounds.map(({ shadowed }) => of(shadowed)),
    floor: { name: 'without', values: rounds.map(({ without }) => of(without)) },
  })
  const figures = [
    { ...beside('rate /s', 0, ({ rate }) => rate), target: { atLeast: 0.9 } },
    { ...beside('p95 ms', 0, ({ p95Ms }) => p95Ms), target: { atMost: 1.25 } },
    beside('CPU ms', 2, ({ cpuMs }) => cpuMs),
  ]
  const title = `${predictions} waiting predictions over ${connections} connections, ${rounds.length} rounds`
  return { title, figures }
}
