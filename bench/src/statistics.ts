import { median } from '@augur/core/statistics/quantiles'

/** Median, smallest and largest of some repetitions. */
export interface Spread {
  median: number
  min: number
  max: number
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}
