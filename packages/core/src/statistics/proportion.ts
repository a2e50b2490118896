import { fisherExact } from './fisher.js'
import { type Interval, z95 } from './interval.js'
import { normalQuantile, twoSidedP } from './normal.js'

/** `hits` of `count` trials; both are whole numbers, and `hits` is not above `count`. */
export interface Proportion {
  hits: number
  count: number
}

export const shareOf = ({ hits, count }: Proportion): number => hits / count

/**
 * Wilson's score interval of a share (1927): it stays inside 0 to 1, and is honest for few trials and for shares near
 * the ends. Without any trial it is everything.
 */
export function wilsonInterval({ hits, count }: Proportion, z = z95): Interval {
  if (count === 0) return { low: 0, high: 1 }
  const share = hits / count
  const z2 = z * z
  const centre = share + z2 / (2 * count)
  const margin = z * Math.sqrt((share * (1 - share)) / count + z2 / (4 * count * count))
  const scale = 1 + z2 / count
  // Rounding would leave about 1e-17 where the bound is the end itself.
  return {
    low: hits === 0 ? 0 : (centre - margin) / scale,
    high: hits === count ? 1 : (centre + margin) / scale,
  }
}

/** Interval of the difference a − b of two shares, from their Wilson intervals (Newcombe 1998, method 10). */
export function differenceInterval(a: Proportion, b: Proportion, z = z95): Interval {
  if (a.count === 0 || b.count === 0) return { low: -1, high: 1 }
  const [shareA, shareB] = [shareOf(a), shareOf(b)]
  const [wilsonA, wilsonB] = [wilsonInterval(a, z), wilsonInterval(b, z)]
  const difference = shareA - shareB
  return {
    low: difference - Math.hypot(shareA - wilsonA.low, wilsonB.high - shareB),
    high: difference + Math.hypot(wilsonA.high - shareA, shareB - wilsonB.low),
  }
}

/**
 * The two-proportion z-test with pooled variance, two-sided. Where all trials of both ended alike there is nothing to
 * tell apart: z is 0 and p is 1.
 */
export function twoProportionTest(a: Proportion, b: Proportion): { z: number; p: number } {
  const pooled = (a.hits + b.hits) / (a.count + b.count)
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / a.count + 1 / b.count))
  if (!(error > 0)) return { z: 0, p: 1 }
  const z = (shareOf(a) - shareOf(b)) / error
  return { z, p: twoSidedP(z) }
}

/** Fewer expected hits or misses than this, and the z-test says more than it knows. */
const leastExpected = 5

/** How likely such a difference is by chance, two-sided: by the z-test, or exactly where that does not hold. */
export function differenceP(a: Proportion, b: Proportion): number {
  const pooled = (a.hits + b.hits) / (a.count + b.count)
  const rarest = Math.min(pooled, 1 - pooled) * Math.min(a.count, b.count)
  return rarest < leastExpected ? fisherExact(a, b) : twoProportionTest(a, b).p
}

/**
 * Trials that each of two arms needs to tell share `a` from share `b` (both 0 to 1, not the same) with the given
 * two-sided error and power (Fleiss, Levin and Paik 2003, without continuity correction).
 */
export function sampleSizePerArm(a: number, b: number, { alpha = 0.05, power = 0.8 } = {}): number {
  const mean = (a + b) / 2
  const underNull = normalQuantile(1 - alpha / 2) * Math.sqrt(2 * mean * (1 - mean))
  const underDifference = normalQuantile(power) * Math.sqrt(a * (1 - a) + b * (1 - b))
  return Math.ceil((underNull + underDifference) ** 2 / (a - b) ** 2)
}
