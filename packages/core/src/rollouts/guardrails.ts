import type { RecentPair } from '../shadow/shadow-store.js'
import { percentile } from '../statistics/quantiles.js'
import type { RecentOutcome } from './arm-outcome.js'
import type { Guardrails } from './rollout.js'

/** What the candidate did lately, newest first. */
export interface GuardrailSamples {
  /** Whether it failed, of what ended. */
  failed: readonly boolean[]
  /** Of what it answered. */
  latencyMs: readonly number[]
  /** Whether it answered otherwise than the stable version, of what both were given. */
  differed: readonly boolean[]
  /** Whether feedback found it right. */
  right: readonly boolean[]
}

export interface Breach {
  guardrail: keyof Guardrails
  /** For people. */
  reason: string
}

/** The predictions that a split sent to its candidate, but for those that callers canceled. */
export function samplesOfArm(
  outcomes: readonly RecentOutcome[],
  right: readonly boolean[],
): GuardrailSamples {
  return {
    failed: outcomes.map(({ status }) => status !== 'succeeded'),
    latencyMs: outcomes.filter(({ status }) => status === 'succeeded').map(({ ms }) => ms),
    differed: [],
    right,
  }
}

/** The repetitions of a shadow. What both versions fail says nothing of the candidate. */
export function samplesOfShadow(pairs: readonly RecentPair[]): GuardrailSamples {
  const telling = pairs.filter(({ outcome }) => outcome !== 'both_failed')
  const compared = telling.filter(({ outcome }) => outcome !== 'stable_failed')
  return {
    failed: telling.map(({ outcome }) => outcome === 'candidate_failed'),
    latencyMs: pairs.map(({ candidateMs }) => candidateMs).filter((ms) => ms !== null),
    differed: compared.map(({ outcome }) => outcome !== 'agreed'),
    right: [],
  }
}

const shareOf = (flags: readonly boolean[]) => flags.filter(Boolean).length / flags.length
const percent = (share: number) => `${Number((share * 100).toFixed(2))} %`
const milliseconds = (ms: number) => `${Number(ms.toPrecision(3))} ms`

/** The first guardrail that the candidate broke; null while it keeps to all of them, or too little is known. */
export function findBreach(guardrails: Guardrails, samples: GuardrailSamples): Breach | null {
  const { errorRate, latencyP95Ms, disagreement, feedbackAccuracy } = guardrails
  return (
    judge('errorRate', errorRate, samples.failed, (failed) => {
      const [share, most] = [shareOf(failed), errorRate?.maximum ?? 1]
      return share > most && `failed ${percent(share)} of them; at most ${percent(most)} may fail`
    }) ??
    judge('latencyP95Ms', latencyP95Ms, samples.latencyMs, (latencies) => {
      const [p95, most] = [percentile(latencies, 0.95), latencyP95Ms?.maximum ?? Number.POSITIVE_INFINITY]
      return (
        p95 > most &&
        `took ${milliseconds(p95)} at the 95th percentile; at most ${milliseconds(most)} is allowed`
      )
    }) ??
    judge('disagreement', disagreement, samples.differed, (differed) => {
      const [share, most] = [shareOf(differed), disagreement?.maximum ?? 1]
      return (
        share > most && `answered ${percent(share)} of them otherwise; at most ${percent(most)} may differ`
      )
    }) ??
    judge('feedbackAccuracy', feedbackAccuracy, samples.right, (right) => {
      const [share, least] = [shareOf(right), feedbackAccuracy?.minimum_accuracy ?? 0]
      return (
        share < least &&
        `was right by ${percent(share)} of the feedback; at least ${percent(least)} is wanted`
      )
    })
  )
}

/** Looks at the newest of the samples that the guardrail's window takes in, if they are enough. */
function judge<T>(
  guardrail: keyof Guardrails,
  limits: { window: number; minimum: number } | undefined,
  samples: readonly T[],
  findFault: (newest: readonly T[]) => string | false,
): Breach | null {
  const newest = limits ? samples.slice(0, limits.window) : []
  if (!limits || newest.length < limits.minimum) return null
  const fault = findFault(newest)
  return fault ? { guardrail, reason: `Of the newest ${newest.length}, the candidate ${fault}.` } : null
}
