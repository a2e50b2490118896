import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Pool } from 'undici'
import { startAugur } from './augur.js'
import { type Digit, readDigits } from './digits.js'
import type { Figure, Findings } from './findings.js'
import { jsonLinesLoop } from './json-lines-loop.js'
import { load } from './load.js'
import { type Cost, cpuMsEach, measureCost } from './measure-cost.js'
import { observeRedis, type RedisObserver } from './redis-commands.js'
import type { System } from './system.js'

export interface BatchesOptions {
  /** The repository. */
  root: string
  rounds: number
  /** Single predictions, and lines of a batch, in each turn. */
  predictions: number
  lines: number
  connections: number
  /** Folder for CPU profiles of all Node.js processes. */
  profileDir?: string | undefined
}

const warmUpLines = 2000

/** The part of a batch that is read here. */
interface Batch {
  id: string
  status: string
  request_counts: { total: number; completed: number; failed: number }
}

interface Round {
  /** Single predictions a second, from the first request to the last webhook. */
  singles: number
  /** Lines a second, from the request to the end of the batch. */
  lines: number
  /** Lines a second of a loop without server, queue or store. */
  loop: number
  uploadSeconds: number
  /** From the first byte of the results to the last. */
  downloadSeconds: number
  /** Of the product, for the batch and its download. */
  cost: Cost
}

interface Bench {
  system: System
  redis: RedisObserver
  digits: readonly Digit[]
  options: BatchesOptions
}

/** What a batch gains over as many single predictions, what a bare loop would do, and what memory it takes. */
export async function measureBatches(options: BatchesOptions): Promise<Findings> {
  const digits = await readDigits(join(options.root, 'models/digits'))
  const modelPath = join(options.root, 'models/digits/fp32/model.onnx')
  const { signal } = new AbortController()
  const { profileDir } = options
  const system = await startAugur({ root: options.root, profileDir, signal })
  const redis = observeRedis(system.redisUrl)
  const bench = { system, redis, digits, options }
  const rounds: Round[] = []
  try {
    await singlesOf(system, digits, { ...options, predictions: 500 }, signal)
    await batchOf(bench, warmUpLines)
    for (let i = 0; i < options.rounds; i++) {
      const singles = await singlesOf(system, digits, options, signal)
      const { result, cost } = await measureCost(system, redis, () => batchOf(bench, options.lines))
      rounds.push({ singles, ...result, cost, loop: await jsonLinesLoop(modelPath, digits, options.lines) })
      process.stderr.write(`round ${i + 1}: ${result.lines.toFixed(0)} lines/s\n`)
    }
  } finally {
    redis.close()
    await system.stop()
  }
  return findingsOf(rounds, options)
}

async function singlesOf(
  system: System,
  digits: readonly Digit[],
  { predictions, connections }: BatchesOptions,
  signal: AbortSignal,
): Promise<number> {
  const result = await load('webhook', { system, digits, count: predictions, connections, signal })
  return predictions / result.doneSeconds
}

async function batchOf(
  { system, digits }: Bench,
  lines: number,
): Promise<Omit<Round, 'singles' | 'loop' | 'cost'>> {
  const pool = new Pool(system.origin, { bodyTimeout: 0 })
  try {
    const startedAt = performance.now()
    const created = await upload(pool, digits, lines)
    const uploadSeconds = (performance.now() - startedAt) / 1000
    await untilEnded(pool, created)
    const endedAt = performance.now()
    await check(pool, created, digits)
    return {
      lines: lines / ((endedAt - startedAt) / 1000),
      uploadSeconds,
      downloadSeconds: (performance.now() - endedAt) / 1000,
    }
  } finally {
    await pool.close()
  }
}

async function upload(pool: Pool, digits: readonly Digit[], count: number): Promise<Batch> {
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: '/api/v1/batches?model=augur/digits',
    headers: { 'content-type': 'application/jsonl' },
    body: Readable.from(textOf(digits, count)),
  })
  const answer = await body.text()
  if (statusCode !== 201) throw new Error(`the batch was answered ${statusCode}: ${answer}`)
  return JSON.parse(answer) as Batch
}

/** JSON Lines, about 64 kB at a time. */
function* textOf(digits: readonly Digit[], count: number): Generator<string> {
  const lines = digits.map(({ input }) => JSON.stringify({ input }))
  let text = ''
  for (let i = 0; i < count; i++) {
    text += `${lines[i % lines.length]}\n`
    if (text.length < 65_536) continue
    yield text
    text = ''
  }
  yield text
}

/** Reads the stream of its progress, which ends with it. */
async function untilEnded(pool: Pool, { id }: Batch): Promise<void> {
  const { body } = await pool.request({ method: 'GET', path: `/api/v1/batches/${id}/stream` })
  const events = await body.text()
  if (!events.includes('event: done')) throw new Error(`the stream ended with ${events.slice(-500)}`)
}

/** Every line must be there, in order, with the answer of the model. */
async function check(
  pool: Pool,
  { id, request_counts: counts }: Batch,
  digits: readonly Digit[],
): Promise<void> {
  const { body } = await pool.request({ method: 'GET', path: `/api/v1/batches/${id}/results` })
  let next = 0
  let rest = ''
  for await (const chunk of body.setEncoding('utf8')) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const text of lines) {
      const { line, output } = JSON.parse(text) as { line: number; output: { label: string } }
      const expected = digits[next++ % digits.length]?.expected
      if (line !== next || output.label !== expected) throw new Error(`line ${next} is wrong: ${text}`)
    }
  }
  if (next !== counts.total) throw new Error(`${next} results of ${counts.total} lines`)
}

function findingsOf(rounds: readonly Round[], { lines, predictions }: BatchesOptions): Findings {
  const of = (pick: (round: Round) => number) => rounds.map(pick)
  const rate = { places: 0, values: of((round) => round.lines) }
  const loop = { name: 'of a bare loop', values: of((round) => round.loop) }
  const roles = ['redis', 'api', 'worker'] as const
  const figures: Figure[] = [
    { ...rate, title: 'lines /s', target: { atLeast: 20_000 } },
    { ...rate, title: 'lines /s beside a loop', floor: loop, target: { atLeast: 0.2 } },
    {
      ...rate,
      title: 'lines /s beside single predictions',
      floor: { name: 'predictions /s', values: of((round) => round.singles) },
    },
    { title: 'upload, s', places: 2, values: of((round) => round.uploadSeconds) },
    { title: 'download, s', places: 2, values: of((round) => round.downloadSeconds) },
    { title: 'CPU s / 1,000 lines: total', places: 3, values: of(({ cost }) => cpuMsEach(cost, lines)) },
    ...roles.map((role) => ({
      title: `CPU s / 1,000 lines: ${role}`,
      places: 3,
      values: of(({ cost }) => (1000 * cost.cpuSeconds[role]) / lines),
    })),
    { title: 'peak memory MB', places: 0, values: of(({ cost }) => cost.peakBytes / 1e6) },
  ]
  const title = `batches of ${lines} digits, ${predictions} single ones, ${rounds.length} rounds`
  return { title, figures, isRight: true }
}
