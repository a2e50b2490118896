import type { Redis } from 'ioredis'
import { type ModelTag, tagOfId } from '../ids.js'
import type { Feedback, Prediction } from '../predictions/prediction.js'
import type { Keys } from '../redis/keys.js'
import { loadScript, runScript } from '../redis/script.js'
import { mostRecentOutcomes, type RecentOutcome, trialKeptMs } from './arm-outcome.js'
import { quantileOf } from './latency-buckets.js'
import type { Arm } from './rollout.js'

const feedbackScript = loadScript(new URL('./give-feedback.lua', import.meta.url))

/** What is known of an arm so far. */
export interface ArmCounts {
  succeeded: number
  failed: number
  canceled: number
  /** Given up because their time was over. */
  expired: number
  /** Of those that succeeded, in milliseconds; null for none. */
  latencyMs: { p50: number | null; p95: number | null; p99: number | null }
  /** How often it answered with each class; those beyond the first hundred together as `null`. */
  labels: { label: string | null; count: number }[]
  /** Feedback that named the right class, and how often it was the answer. */
  feedback: { right: number; count: number }
  /** Mean of the feedback that was a score; null for none. */
  meanScore: number | null
}

/** What the arms of trials did: `finish.lua` writes outcomes with the ends of predictions, this reads them. */
export class ArmStore {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  /** Attaches ground truth to a prediction that has ended, and counts it for its arm where it has one. */
  async giveFeedback(
    { id, trial }: Pick<Prediction, 'id' | 'trial'>,
    feedback: Feedback,
  ): Promise<'given' | 'open' | 'missing'> {
    const tag = tagOfId(id)
    const record = this.keys.record(id)
    const arm = trial === null || trial.part === 'shadow' ? null : trial
    const keys = arm
      ? [this.keys.arm(tag, arm.id, arm.part), this.keys.armFeedback(tag, arm.id, arm.part)]
      : [record, record]
    return runScript(
      this.redis,
      feedbackScript,
      [record, ...keys],
      [JSON.stringify(feedback), arm ? '1' : '', mostRecentOutcomes, trialKeptMs, id],
    )
  }

  /** Whether the newest feedback found the arm right, newest first. */
  async recentFeedback(tag: ModelTag, trial: string, arm: Arm, limit: number): Promise<boolean[]> {
    const found = await this.redis.lrange(this.keys.armFeedback(tag, trial, arm), 0, limit - 1)
    return found.map((text) => text.endsWith(' 1'))
  }

  async counts(tag: ModelTag, trial: string, arm: Arm): Promise<ArmCounts> {
    return decode(await this.redis.hgetall(this.keys.arm(tag, trial, arm)))
  }

  /** Newest first. */
  async recent(tag: ModelTag, trial: string, arm: Arm, limit: number): Promise<RecentOutcome[]> {
    const found = await this.redis.lrange(this.keys.armRecent(tag, trial, arm), 0, limit - 1)
    // Written by `encodeOutcome`, and by nobody else.
    return found.map((text): RecentOutcome => JSON.parse(text))
  }
}

function decode(fields: Record<string, string>): ArmCounts {
  const number = (name: string) => Number(fields[name] ?? 0)
  const numbered = (prefix: string) =>
    Object.entries(fields).flatMap(([name, value]): [string, number][] =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), Number(value)]] : [],
    )
  const buckets = new Map(numbered('latency:').map(([bucket, count]) => [Number(bucket), count]))
  const labels = numbered('label:').map(([label, count]) => ({ label, count }))
  const others = number('other_labels')
  const scores = number('feedback_scores')
  return {
    succeeded: number('succeeded'),
    failed: number('failed'),
    canceled: number('canceled'),
    expired: number('expired'),
    latencyMs: {
      p50: quantileOf(buckets, 0.5),
      p95: quantileOf(buckets, 0.95),
      p99: quantileOf(buckets, 0.99),
    },
    labels: [
      ...labels.toSorted((a, b) => b.count - a.count),
      ...(others > 0 ? [{ label: null, count: others }] : []),
    ],
    feedback: { right: number('feedback_right'), count: number('feedback_labels') },
    meanScore: scores === 0 ? null : number('feedback_score_sum') / scores,
  }
}
