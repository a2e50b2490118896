/** Probabilities that sum to 1, from scores of any size. */
export function softmax(scores: ArrayLike<number>): Float64Array {
  const probabilities = Float64Array.from(scores)
  // Only differences count; without the largest taken off, exp() would overflow.
  const largest = probabilities.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  let sum = 0
  for (let index = 0; index < probabilities.length; index++) {
    const power = Math.exp((probabilities[index] ?? 0) - largest)
    probabilities[index] = power
    sum += power
  }
  return probabilities.map((power) => power / sum)
}
