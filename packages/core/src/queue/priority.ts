import type { PredictionClass } from '../predictions/prediction.js'

/** Turns of one class; BullMQ knows 2^21 priorities for all four. */
const bandWidth = 500_000
const bands: Record<PredictionClass, number> = { waiting: 0, submission: 1, batch: 2, shadow: 3 }

// BullMQ orders by priority and, where that is the same, by arrival: both are in the score.
const scoreUnit = 2 ** 32

export const firstTurn = 1
/** What turns go up to before they begin again, well before the last one that there is. */
export const lastFrontTurn = bandWidth / 2

/**
 * The priority of a job for BullMQ, which serves the smallest first: by class, then by turn. Never 0, which would put
 * the job before all others.
 */
export function priorityOf(predictionClass: PredictionClass, turn: number): number {
  return bands[predictionClass] * bandWidth + Math.min(Math.max(turn, firstTurn), bandWidth - 1)
}

/** Scores that jobs of the class have in BullMQ's sorted set: from the first, and below the second. */
export function scoresOf(predictionClass: PredictionClass): [number, number] {
  const first = bands[predictionClass] * bandWidth * scoreUnit
  return [first, first + bandWidth * scoreUnit]
}

export function turnOf(score: number): number {
  return Math.floor(score / scoreUnit) % bandWidth
}
