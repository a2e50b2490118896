import { isDeepStrictEqual } from 'node:util'
import { type Answer, canReplace, numbersOf, readAnswer } from '../answers/answer.js'
import { DistanceTally } from '../answers/distance.js'
import type { JsonText } from '../predictions/prediction.js'

/** How one version answered an input: JSON text, or null where it failed. `ms` is the time in its runner. */
export interface Side {
  output: JsonText | null
  ms: number | null
}

/** `differed`: both answered, and not alike. */
export const pairOutcomes = [
  'agreed',
  'differed',
  'stable_failed',
  'candidate_failed',
  'both_failed',
] as const
export type PairOutcome = (typeof pairOutcomes)[number]

/** How two versions answered the same input. */
export interface Pair {
  outcome: PairOutcome
  /** Largest difference of two numbers of the answers; null where they cannot be compared number by number. */
  distance: number | null
}

/** Numbers may differ by this share of the largest one, so that rounding alone is no disagreement. */
const tolerance = 0.01
const leastTolerance = 1e-6

/** Classes agree when they are the same, numbers when they are within a hundredth, anything else when it is equal. */
export function comparePair(stable: JsonText | null, candidate: JsonText | null): Pair {
  if (stable === null || candidate === null) return { outcome: failureOf(stable, candidate), distance: null }
  const outputs = [JSON.parse(stable), JSON.parse(candidate)] as const
  const [ours, theirs] = [readAnswer(outputs[0]), readAnswer(outputs[1])]
  if (ours === null || theirs === null || ours.kind !== theirs.kind) {
    return { outcome: isDeepStrictEqual(...outputs) ? 'agreed' : 'differed', distance: null }
  }
  const distance = distanceOf(ours, theirs)
  return { outcome: areAlike(ours, theirs, distance) ? 'agreed' : 'differed', distance }
}

function failureOf(stable: JsonText | null, candidate: JsonText | null): PairOutcome {
  if (stable === null) return candidate === null ? 'both_failed' : 'stable_failed'
  return 'candidate_failed'
}

function distanceOf(ours: Answer, theirs: Answer): number | null {
  const tally = new DistanceTally()
  tally.add(ours, theirs)
  return tally.result().maxAbsolute
}

function areAlike(ours: Answer, theirs: Answer, distance: number | null): boolean {
  if (ours.kind === 'classes' && theirs.kind === 'classes') return ours.label === theirs.label
  if (distance === null || !canReplace(ours, theirs) || distance === Number.MAX_VALUE) return false
  const finite = numbersOf(ours).filter(Number.isFinite)
  const largest = finite.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return distance <= Math.max(leastTolerance, tolerance * largest)
}

const unequalLengths = 1e250
const failed = 1e300

/** The larger, the worse; null for a pair that agreed, or that says nothing against the candidate. */
export function badnessOf({ outcome, distance }: Pair): number | null {
  if (outcome === 'candidate_failed') return failed
  if (outcome !== 'differed') return null
  return distance === null ? unequalLengths : Math.min(distance, unequalLengths)
}
