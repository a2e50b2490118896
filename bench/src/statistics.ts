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

/** By how much values grow from one to the next: the line that fits them best. */
export function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const covariance = values.reduce((sum, value, at) => sum + (at - middle) * (value - mean), 0)
  return covariance / values.reduce((sum, _, at) => sum + (at - middle) ** 2, 0)
}
