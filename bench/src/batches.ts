import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Pool } from 'undici'
import { startAugur } from './augur.js'
import { type Digit, readDigits } from './digits.js'
import { jsonLinesLoop } from './json-lines-loop.js'
import { load } from './load.js'
import { type Spread, spread } from './statistics.js'
import type { System } from './system.js'

export interface BatchesOptions {
  /** The repository. */
  root: string
  rounds: number
  /** Single predictions, and lines of a batch, in each turn. */
  predictions: number
  lines: number
  connections: number
}

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
}

/** What a batch gains over as many single predictions, and what memory it takes. */
export async function runBatches(options: BatchesOptions): Promise<number> {
  const digits = await readDigits(join(options.root, 'models/digits'))
  const modelPath = join(options.root, 'models/digits/fp32/model.onnx')
  const { signal } = new AbortController()
  const system = await startAugur({ root: options.root, signal })
  const rounds: Round[] = []
  try {
    await singlesOf(system, digits, { ...options, predictions: 500 }, signal)
    for (let i = 0; i < options.rounds; i++) {
      const singles = await singlesOf(system, digits, options, signal)
      const batch = await batchOf(system, digits, options.lines)
      rounds.push({ singles, ...batch, loop: await jsonLinesLoop(modelPath, digits, options.lines) })
      process.stderr.write(`round ${i + 1}: ${JSON.stringify(rounds.at(-1))}\n`)
    }
    process.stdout.write(`${tableOf(rounds, options)}\n${await memoryOf(system)}\n`)
  } finally {
    await system.stop()
  }
  return 0
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
  system: System,
  digits: readonly Digit[],
  lines: number,
): Promise<Omit<Round, 'singles' | 'loop'>> {
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

async function memoryOf(system: System): Promise<string> {
  const peaks = await Promise.all(
    system.processes().map(async ({ name, pid }) => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8')
      return `${name} ${(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1000).toFixed(0)} MB`
    }),
  )
  return `highest resident memory: ${peaks.join(', ')}`
}

const perSecond = ({ median, min, max }: Spread) =>
  `${median.toFixed(0).padStart(8)} /s  (${min.toFixed(0)} to ${max.toFixed(0)})`

function tableOf(rounds: readonly Round[], { lines, predictions }: BatchesOptions): string {
  const of = (pick: (round: Round) => number) => spread(rounds.map(pick))
  const gain = of((round) => round.lines / round.singles)
  const share = of((round) => round.lines / round.loop)
  return [
    `digits, one worker, medians of ${rounds.length} rounds`,
    `  ${predictions} single predictions  ${perSecond(of((round) => round.singles))}`,
    `  a batch of ${lines} lines    ${perSecond(of((round) => round.lines))}`,
    `  gain                      ${gain.median.toFixed(1)}  (${gain.min.toFixed(1)} to ${gain.max.toFixed(1)})`,
    `  a loop without a server   ${perSecond(of((round) => round.loop))}`,
    `  share of the loop         ${share.median.toFixed(2)}  (${share.min.toFixed(2)} to ${share.max.toFixed(2)})`,
    `  its upload ${of((round) => round.uploadSeconds).median.toFixed(2)} s, its download ${of((round) => round.downloadSeconds).median.toFixed(2)} s`,
  ].join('\n')
}
