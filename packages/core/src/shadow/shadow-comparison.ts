import type { ModelTag, PredictionId } from '../ids.js'
import type { Payloads } from '../payloads/payloads.js'
import type { Prediction } from '../predictions/prediction.js'
import type { PredictionStore } from '../predictions/prediction-store.js'
import type { Verdict } from '../rollouts/compare-arms.js'
import type { Interval } from '../statistics/interval.js'
import { mcnemarExact } from '../statistics/mcnemar.js'
import { type Proportion, wilsonInterval } from '../statistics/proportion.js'
import type { ShadowCounts, ShadowStore } from './shadow-store.js'

/** A prediction that the candidate answered otherwise. */
export interface WorstPair {
  id: PredictionId
  /** Of the answers; null where they cannot be compared number by number, and where the candidate failed. */
  distance: number | null
  /** What each began with, as JSON text. */
  stableOutput: string | null
  candidateOutput: string | null
}

export interface ShadowComparison extends ShadowCounts {
  /** Predictions that were repeated. */
  pairs: number
  /** Of those that the stable version answered; the interval is at 95 %. */
  agreement: Proportion & Interval
  verdict: Verdict
  /** Of this tenant's predictions, the worst first. */
  worst: WorstPair[]
}

export interface ShadowComparisonContext {
  shadowStore: ShadowStore
  predictions: Pick<PredictionStore, 'readMany'>
  payloads: Pick<Payloads, 'read'>
  tenant: string
}

const mostShown = 20
const shownLength = 1000
/** Beyond what a distance can be: see `badnessOf`. */
const noDistance = 1e200

/** What a shadow, or a replay, found so far. Answers are shown to the tenant whose predictions they are. */
export async function readShadowComparison(
  context: ShadowComparisonContext,
  tag: ModelTag,
  trial: string,
): Promise<ShadowComparison> {
  const [counts, worst] = await Promise.all([
    context.shadowStore.counts(tag, trial),
    readWorst(context, tag, trial),
  ])
  return { ...counts, ...judgeShadow(counts), worst }
}

/** Fewer pairs than this say nothing. */
const fewest = 30
const significance = 0.05
/** A share of disagreements that counts as none. */
const countsAsNone = 0.02

/**
 * What pairs say without anybody knowing the right answers: worse or better where one version surely fails more often,
 * no difference where they surely agree on nearly everything.
 */
export function judgeShadow({
  outcomes,
}: Pick<ShadowCounts, 'outcomes'>): Pick<ShadowComparison, 'pairs' | 'agreement' | 'verdict'> {
  const { agreed, differed, candidate_failed, stable_failed, both_failed } = outcomes
  const compared = { hits: agreed, count: agreed + differed + candidate_failed }
  const agreement = { ...compared, ...wilsonInterval(compared) }
  const pairs = compared.count + stable_failed + both_failed
  return { pairs, agreement, verdict: verdictOf(outcomes, pairs, agreement) }
}

function verdictOf(
  { candidate_failed, stable_failed }: ShadowCounts['outcomes'],
  pairs: number,
  agreement: Interval,
): Verdict {
  if (pairs < fewest) return 'keep_collecting'
  const p = mcnemarExact({ onlyFirst: stable_failed, onlySecond: candidate_failed })
  if (p < significance) return candidate_failed > stable_failed ? 'candidate_worse' : 'candidate_better'
  return agreement.low >= 1 - countsAsNone ? 'no_difference' : 'keep_collecting'
}

async function readWorst(
  context: ShadowComparisonContext,
  tag: ModelTag,
  trial: string,
): Promise<WorstPair[]> {
  const worst = await context.shadowStore.worst(tag, trial)
  const read = await context.predictions.readMany(worst.map(([id]) => id))
  const own = worst.flatMap(([, badness], i): [Prediction, number][] => {
    const prediction = read[i]
    return prediction && prediction.tenant === context.tenant ? [[prediction, badness]] : []
  })
  return Promise.all(
    own.slice(0, mostShown).map(async ([{ id, output }, badness]) => ({
      id,
      distance: badness < noDistance ? badness : null,
      stableOutput: (await context.payloads.read(output).catch(() => null))?.slice(0, shownLength) ?? null,
      candidateOutput: (await context.shadowStore.candidateOutput(id, trial))?.slice(0, shownLength) ?? null,
    })),
  )
}
