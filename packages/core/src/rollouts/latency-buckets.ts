/** Each bucket ends a tenth above where it begins: a quantile is right to within five percent. */
const growth = 1.1

/** The bucket of a latency in milliseconds. */
export function bucketOf(ms: number): number {
  return ms <= 1 ? 0 : Math.ceil(Math.log(ms) / Math.log(growth))
}

/** The latency in the middle of a bucket, in milliseconds. */
export function middleOf(bucket: number): number {
  return bucket === 0 ? 0.5 : growth ** (bucket - 0.5)
}

/** The latency that at least a share `p` (0 to 1) does not exceed, in milliseconds; null for none. */
export function quantileOf(buckets: ReadonlyMap<number, number>, p: number): number | null {
  const sorted = [...buckets].toSorted(([a], [b]) => a - b)
  const total = sorted.reduce((sum, [, count]) => sum + count, 0)
  let seen = 0
  for (const [bucket, count] of sorted) {
    seen += count
    if (seen >= p * total) return middleOf(bucket)
  }
  return null
}
