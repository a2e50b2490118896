import type { Interval } from '../statistics/interval.js'
import {
  differenceInterval,
  differenceP,
  type Proportion,
  sampleSizePerArm,
  shareOf,
} from '../statistics/proportion.js'
import type { ArmCounts } from './arm-store.js'

/** What a trial says so far, in plain words. */
export const verdicts = ['keep_collecting', 'candidate_better', 'no_difference', 'candidate_worse'] as const
export type Verdict = (typeof verdicts)[number]

/** Two shares beside each other: `difference` is candidate minus stable. */
export interface ShareComparison {
  stable: Proportion
  candidate: Proportion
  difference: number | null
  /** 95 %, of the difference. */
  interval: Interval
  p: number
  /** Predictions that each arm needs to tell a difference of the size that counts. */
  neededPerArm: number
}

export interface ArmComparison {
  errors: ShareComparison
  /** Null without feedback that names classes. */
  accuracy: ShareComparison | null
  verdict: Verdict
}

/** A difference smaller than this counts as none, in shares. */
const countsFrom = 0.02
const significance = 0.05
/** Fewer predictions of an arm than this say nothing, whatever the test says of them. */
const fewest = 30

/** Judges two arms: by feedback where there is enough of it, and by how often they fail in any case. */
export function compareArms(stable: ArmCounts, candidate: ArmCounts): ArmComparison {
  const errors = compare(failures(stable), failures(candidate))
  const [before, now] = [rightOf(stable), rightOf(candidate)]
  const accuracy = before.count > 0 && now.count > 0 ? compare(before, now) : null
  return { errors, accuracy, verdict: verdictOf(errors, accuracy) }
}

/** What a caller canceled is no failure, and no answer either. */
const failures = ({ failed, expired, succeeded }: ArmCounts): Proportion => ({
  hits: failed + expired,
  count: failed + expired + succeeded,
})
const rightOf = ({ feedback }: ArmCounts): Proportion => ({ hits: feedback.right, count: feedback.count })

function compare(stable: Proportion, candidate: Proportion): ShareComparison {
  const isKnown = stable.count > 0 && candidate.count > 0
  const base = stable.count > 0 ? shareOf(stable) : 0.5
  // The share that is as far from the stable one as counts, on the side where there is room for it.
  const other = base + countsFrom <= 1 ? base + countsFrom : base - countsFrom
  return {
    stable,
    candidate,
    difference: isKnown ? shareOf(candidate) - shareOf(stable) : null,
    interval: differenceInterval(candidate, stable),
    p: isKnown ? differenceP(candidate, stable) : 1,
    neededPerArm: sampleSizePerArm(base, other),
  }
}

/**
 * More failures than the stable version, for certain, are worse whatever feedback says. Else feedback decides where
 * there is any. "No difference" needs as many predictions as would have shown one.
 */
function verdictOf(errors: ShareComparison, accuracy: ShareComparison | null): Verdict {
  const byErrors = sideOf(errors)
  if (byErrors > 0) return 'candidate_worse'
  const byAccuracy = accuracy ? sideOf(accuracy) : 0
  if (byAccuracy !== 0) return byAccuracy > 0 ? 'candidate_better' : 'candidate_worse'
  if (!accuracy && byErrors < 0) return 'candidate_better'
  return isEnough(accuracy ?? errors) ? 'no_difference' : 'keep_collecting'
}

/** Whether the candidate's share is surely above (1) or below (−1) the stable one. */
function sideOf({ stable, candidate, difference, p }: ShareComparison): -1 | 0 | 1 {
  if (difference === null || p >= significance || Math.min(stable.count, candidate.count) < fewest) return 0
  return difference > 0 ? 1 : -1
}

const isEnough = ({ stable, candidate, neededPerArm }: ShareComparison) =>
  Math.min(stable.count, candidate.count) >= neededPerArm
