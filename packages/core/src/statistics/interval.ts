/** A range that covers the true value in 95 of 100 repetitions, unless another share is named. */
export interface Interval {
  low: number
  high: number
}

/** z of a two-sided 95 % interval. */
export const z95 = 1.959963984540054
