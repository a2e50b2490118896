import type { Redis } from 'ioredis'
import { type ModelTag, type PredictionId, tagOfId } from '../ids.js'
import type { JsonText } from '../predictions/prediction.js'
import type { Keys } from '../redis/keys.js'
import { scored } from '../redis/scored.js'
import { loadScript, runScript } from '../redis/script.js'
import { bucketOf, quantileOf } from '../rollouts/latency-buckets.js'
import { badnessOf, type Pair, type PairOutcome } from './compare-pair.js'

const script = loadScript(new URL('./record-pairs.lua', import.meta.url))

/** `missing`: input or output were removed. `input_gone`: what a URL in its input named is kept nowhere. */
export type NoPair = 'missing' | 'input_gone'

/** A prediction and its repetition, or why it could not be repeated. */
export interface ShadowPair {
  id: PredictionId
  pair: Pair | NoPair
  stableMs: number | null
  candidateMs: number | null
  /** What the candidate answered, or why it failed. */
  candidateOutput: JsonText | null
}

/** One of the newest pairs, as guardrails look at them. */
export interface RecentPair {
  outcome: PairOutcome
  candidateMs: number | null
}

interface Quantiles {
  p50: number | null
  p95: number | null
  p99: number | null
}

/** What is known of a shadow, or of a replay, so far. */
export interface ShadowCounts {
  outcomes: Record<PairOutcome, number>
  /** Repetitions that could not be made, as input or output were gone. */
  missing: number
  /** Repetitions that could not be made, as their inputs were files of other hosts, which are fetched once. */
  inputGone: number
  /** Repetitions that were left out under load. */
  shed: number
  distance: Quantiles & { max: number | null }
  /** Time in the runner. */
  stableMs: Quantiles
  candidateMs: Quantiles
  /** Candidate minus stable, on average. */
  meanDifferenceMs: number | null
}

const keptMs = 90 * 24 * 3600 * 1000
const mostRecent = 10_000
const mostWorst = 100
const mostOutputLength = 2000
/** Distances are counted in buckets of their logarithm, which begin here. */
const distanceUnit = 1e-9

/** The only reader and writer of what shadows found. */
export class ShadowStore {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  /** Counts pairs of one model. Returns how many of them were not counted before. */
  async record(trial: string, pairs: readonly ShadowPair[]): Promise<number> {
    const [first] = pairs
    if (!first) return 0
    const tag = tagOfId(first.id)
    return runScript<number>(
      this.redis,
      script,
      [...this.keysOf(tag, trial), ...pairs.map(({ id }) => this.keys.record(id))],
      [trial, keptMs, mostRecent, mostWorst, ...pairs.flatMap(encode)],
    )
  }

  /** Counts repetitions that were left out. */
  async shed(tag: ModelTag, trial: string, count: number): Promise<void> {
    await this.redis
      .pipeline()
      .hincrby(this.keys.shadow(tag, trial), 'shed', count)
      .pexpire(this.keys.shadow(tag, trial), keptMs)
      .exec()
  }

  async counts(tag: ModelTag, trial: string): Promise<ShadowCounts> {
    return decode(await this.redis.hgetall(this.keys.shadow(tag, trial)))
  }

  /** Newest first. */
  async recent(tag: ModelTag, trial: string, limit: number): Promise<RecentPair[]> {
    const found = await this.redis.lrange(this.keys.shadowRecent(tag, trial), 0, limit - 1)
    // Written by `record`, and by nobody else.
    return found.map((text): RecentPair => JSON.parse(text))
  }

  /** Predictions that the candidate answered otherwise, the worst first, with how bad each is. */
  async worst(tag: ModelTag, trial: string): Promise<[PredictionId, number][]> {
    return scored(await this.redis.zrevrange(this.keys.shadowWorst(tag, trial), 0, -1, 'WITHSCORES'))
  }

  /** The beginning of what the candidate answered to one of the worst; null once its data is gone. */
  async candidateOutput(id: PredictionId, trial: string): Promise<string | null> {
    const text = await this.redis.hget(this.keys.record(id), 'shadow_output')
    return text?.startsWith(`${trial} `) ? text.slice(trial.length + 1) : null
  }

  private keysOf(tag: ModelTag, trial: string): string[] {
    const { shadow, shadowRecent, shadowWorst } = this.keys
    return [shadow(tag, trial), shadowRecent(tag, trial), shadowWorst(tag, trial)]
  }
}

const orNothing = (value: number | null | undefined) => value ?? ''
const bucketOr = (ms: number | null) => (ms === null ? '' : bucketOf(ms))

function encode({ id, pair, stableMs, candidateMs, candidateOutput }: ShadowPair): (string | number)[] {
  if (typeof pair === 'string') return [id, pair, '', '', '', '', '', '', '', '']
  const { outcome, distance } = pair
  const differenceMs = stableMs === null || candidateMs === null ? null : candidateMs - stableMs
  return [
    id,
    outcome,
    orNothing(distance),
    bucketOr(distance && distance / distanceUnit),
    bucketOr(stableMs),
    bucketOr(candidateMs),
    orNothing(differenceMs),
    JSON.stringify({ outcome, candidateMs } satisfies RecentPair),
    orNothing(badnessOf(pair)),
    (candidateOutput ?? '').slice(0, mostOutputLength),
  ]
}

function decode(fields: Record<string, string>): ShadowCounts {
  const number = (name: string) => Number(fields[name] ?? 0)
  const distance = quantilesOf(fields, 'distance:')
  const timed = number('timed')
  return {
    outcomes: {
      agreed: number('agreed'),
      differed: number('differed'),
      stable_failed: number('stable_failed'),
      candidate_failed: number('candidate_failed'),
      both_failed: number('both_failed'),
    },
    missing: number('missing'),
    inputGone: number('input_gone'),
    shed: number('shed'),
    distance: {
      p50: inUnits(distance.p50),
      p95: inUnits(distance.p95),
      p99: inUnits(distance.p99),
      max: fields.max_distance === undefined ? null : number('max_distance'),
    },
    stableMs: quantilesOf(fields, 'stable_ms:'),
    candidateMs: quantilesOf(fields, 'candidate_ms:'),
    meanDifferenceMs: timed === 0 ? null : number('difference_ms') / timed,
  }
}

/** What is below the unit counts as none. */
function inUnits(value: number | null): number | null {
  if (value === null) return null
  return value < 1 ? 0 : value * distanceUnit
}

function quantilesOf(fields: Record<string, string>, prefix: string): Quantiles {
  const buckets = new Map(
    Object.entries(fields).flatMap(([name, value]): [number, number][] =>
      name.startsWith(prefix) ? [[Number(name.slice(prefix.length)), Number(value)]] : [],
    ),
  )
  return { p50: quantileOf(buckets, 0.5), p95: quantileOf(buckets, 0.95), p99: quantileOf(buckets, 0.99) }
}
