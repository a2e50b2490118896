import { readAnswer } from '../answers/answer.js'
import type { Ending, Prediction } from '../predictions/prediction.js'
import { bucketOf } from './latency-buckets.js'
import type { Arm } from './rollout.js'

/** `expired`: canceled because the time that its caller set was over; of `canceled` the caller had enough. */
export type OutcomeStatus = 'succeeded' | 'failed' | 'canceled' | 'expired'

/** How one prediction of an arm ended. */
export interface ArmOutcome {
  /** Of the trial. */
  id: string
  arm: Arm
  status: OutcomeStatus
  /** From claim to end; from creation where none claimed it. */
  ms: number
  /** The class that it was answered with; null where answers are no classes. */
  label: string | null
}

/** One of the newest, among which those that callers canceled are not. */
export type RecentOutcome = Pick<ArmOutcome, 'ms'> & { status: Exclude<OutcomeStatus, 'canceled'> }

/** What trials found is kept for so long after the last of it, in milliseconds. */
export const trialKeptMs = 90 * 24 * 3600 * 1000
/** Newest outcomes of an arm that are kept. */
export const mostRecentOutcomes = 10_000
const mostLabels = 100

/** What the end of a prediction tells of its arm; null for one that takes part in no split. */
export function armOutcomeOf(
  { trial, startedAt, createdAt }: Prediction,
  { status, errorCode, completedAt, output }: Ending,
): ArmOutcome | null {
  if (trial === null || trial.part === 'shadow') return null
  return {
    id: trial.id,
    arm: trial.part,
    status: errorCode === 'expired' ? 'expired' : status,
    ms: Math.max(0, completedAt - (startedAt ?? createdAt)),
    label: output?.kind === 'inline' ? labelOf(output.json) : null,
  }
}

function labelOf(json: string): string | null {
  const answer = readAnswer(JSON.parse(json))
  return answer?.kind === 'classes' ? answer.label : null
}

/** As `finish.lua` takes it. */
export function encodeOutcome({ status, ms, label }: ArmOutcome): (string | number)[] {
  return [
    status,
    bucketOf(ms),
    label ?? '',
    JSON.stringify({ status, ms }),
    trialKeptMs,
    mostRecentOutcomes,
    mostLabels,
  ]
}
