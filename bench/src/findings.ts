import { type Spread, spread } from './statistics.js'

/** What is asked of a figure: of its ratio to its floor where it has one, and of itself where it has none. */
export type Target = { atMost: number } | { atLeast: number }

/** One figure, once for each round, beside what it is measured against in the same rounds. */
export interface Figure {
  /** What was measured, with its unit. */
  title: string
  /** Decimal places in the table. */
  places: number
  values: readonly number[]
  floor?: { name: string; values: readonly number[] }
  target?: Target
}

/** What an experiment found. */
export interface Findings {
  /** How it was measured, for people. */
  title: string
  figures: readonly Figure[]
  /** What else is worth telling, a line each. */
  notes?: readonly string[]
  /** Whether every answer was there and right. */
  isRight: boolean
}

/** A figure over its rounds. */
export interface Summary {
  value: Spread
  floor: Spread | null
  /** Value by floor, round by round, so that a slow minute of the machine hits both; null where a floor is 0. */
  ratio: Spread | null
  /** Whether the target is reached; null where there is none. */
  isReached: boolean | null
}

export function summarise({ values, floor, target }: Figure): Summary {
  const value = spread(values)
  const ratios = floor ? values.map((each, round) => each / (floor.values[round] ?? Number.NaN)) : []
  const ratio = ratios.length > 0 && ratios.every(Number.isFinite) ? spread(ratios) : null
  const judged = floor ? ratio?.median : value.median
  return {
    value,
    floor: floor ? spread(floor.values) : null,
    ratio,
    isReached: target && judged !== undefined ? reaches(judged, target) : null,
  }
}

function reaches(value: number, target: Target): boolean {
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast
}
