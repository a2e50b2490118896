import fc from 'fast-check'
import { findFault, findProblemFault, type Row, type Target } from '../bad-input/row.js'
import { badInputs } from '../bad-input/rows.js'
import { encodeRequest, exchange, type WireAnswer } from '../bad-input/wire.js'
import { quantile } from '../quantile.js'
import { mutants } from './mutate.js'

export interface FuzzOptions {
  target: Target
  requests: number
  seed: number
  /** Whether the table itself is sent first (true). */
  withTable?: boolean
  /** Requests under way at a time. */
  concurrency?: number
  /** Told after each batch. */
  onProgress?: (sent: number) => void
}

export interface FuzzReport {
  seed: number
  sent: number
  /** How often each status was answered; `none` where the connection just ended. */
  statuses: Record<string, number>
  medianMs: number
  p99Ms: number
  /** The first of them, each with the request that brought it about. */
  faults: { fault: string; request: string }[]
  faultCount: number
}

const batchSize = 500
const mostFaultsKept = 20
/** All rows come at once to a process that has just begun. */
const rowTimeoutMs = 120_000
/** Streams and long waits are not waited for. */
const timeoutMs = 3000
const endAfterMs = 200
/** 5xx that say that something is busy, or that a model could not do it. */
const plannedCodes = ['overloaded', 'no_worker', 'unavailable', 'timeout', 'prediction_failed']

/** What is wrong with the answer to a request of which only this is known: that it may be bad. */
export function findMutantFault(answer: WireAnswer): string | null {
  const { status, body } = answer
  if (status === null || status < 400) return null
  const fault = findProblemFault(answer)
  if (fault !== null || status < 500) return fault
  const code = /"code":"([a-z_]+)"/.exec(body)?.[1] ?? ''
  return plannedCodes.includes(code) ? null : `unplanned ${status}: ${body.slice(0, 300)}`
}

class Tally {
  readonly statuses: Record<string, number> = {}
  readonly faults: FuzzReport['faults'] = []
  readonly times: number[] = []
  faultCount = 0

  note(answer: WireAnswer, fault: string | null, request: Uint8Array): void {
    const status = String(answer.status ?? 'none')
    this.statuses[status] = (this.statuses[status] ?? 0) + 1
    this.times.push(answer.tookMs)
    if (fault === null) return
    this.faultCount++
    const sent = JSON.stringify(Buffer.from(request).toString('latin1').slice(0, 1000))
    if (this.faults.length < mostFaultsKept) this.faults.push({ fault, request: sent })
  }
}

async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0
  const lane = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item)
  }
  await Promise.all(Array.from({ length: width }, lane))
}

async function sendRow(row: Row, port: number, tally: Tally): Promise<void> {
  const bytes = row.request instanceof Uint8Array ? row.request : encodeRequest(row.request)
  const answer = await exchange(bytes, {
    port,
    timeoutMs: rowTimeoutMs,
    ...(row.dripMs !== undefined && { dripMs: row.dripMs }),
  })
  const fault = findFault(row.expected, answer)
  tally.note(answer, fault === null ? null : `${row.name}: ${fault}`, bytes)
}

/** Sends every row of the table, then mutants of them, and looks at each answer. The same seed sends the same. */
export async function runFuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { target, requests, seed, concurrency = 32, withTable = true, onProgress } = options
  const { port } = target
  const rows = badInputs(target)
  const tally = new Tally()
  if (withTable) await inParallel(rows, rows.length, (row) => sendRow(row, port, tally))
  const arbitrary = mutants(rows)
  for (let sent = tally.times.length, batch = 0; sent < requests; batch++) {
    const numRuns = Math.min(batchSize, requests - sent)
    await inParallel(fc.sample(arbitrary, { seed: seed + batch, numRuns }), concurrency, async (bytes) => {
      const answer = await exchange(bytes, { port, timeoutMs, endAfterMs })
      tally.note(answer, findMutantFault(answer), bytes)
    })
    sent += numRuns
    onProgress?.(sent)
  }
  const { statuses, faults, faultCount, times } = tally
  const figures = { medianMs: quantile(times, 0.5), p99Ms: quantile(times, 0.99) }
  return { seed, sent: times.length, statuses, ...figures, faults, faultCount }
}
