import type { PredictionClass } from '../predictions/prediction.js'

/**
 * How many turns a prediction of a class takes. Where all have long queues, a tenant's waiting callers are served four
 * times as often as its submissions, and everybody is served.
 */
export const turnsOf: Readonly<Record<PredictionClass, number>> = {
  waiting: 1,
  submission: 4,
  batch: 16,
  shadow: 64,
}

// BullMQ orders by priority and, where that is the same, by arrival: both are in the score.
const scoreUnit = 2 ** 32

export const firstTurn = 1
/** BullMQ's last priority but one: the last has no room for the order of arrival. */
const lastTurn = 2 ** 21 - 1

/** Nobody gets a turn that is further from the front: what is beyond is served in order of arrival. */
export const mostAhead = 900_000
/** How far turns are taken back once the front is beyond that, so that they never end. */
export const takenBack = 1_000_000
/** While the front is before this turn, one beyond `takenBack` was given before turns were taken back. */
export const leftoversUntil = takenBack - mostAhead

/** The priority of a job for BullMQ, which serves the smallest first. Never 0, which would put it before all others. */
export function priorityOf(turn: number): number {
  return Math.min(Math.max(turn, firstTurn), lastTurn)
}

/** The smallest score of a job with this turn. */
export function scoreOf(turn: number): number {
  return turn * scoreUnit
}

export function turnOf(score: number): number {
  return Math.floor(score / scoreUnit)
}
