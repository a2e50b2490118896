/** Probabilities that sum to 1, from scores of any size. */
export function softmax(scores: ArrayLike<number>): Float64Array {
  const probabilities = new Float64Array(scores)
  // Only differences count; without the largest taken off, exp() would overflow.
  let largest = Number.NEGATIVE_INFINITY
  for (const score of probabilities) largest = Math.max(largest, score)
  let sum = 0
  for (let index = 0; index < probabilities.length; index++) {
    const power = Math.exp((probabilities[index] ?? 0) - largest)
    probabilities[index] = power
    sum += power
  }
  for (let index = 0; index < probabilities.length; index++) {
    probabilities[index] = (probabilities[index] ?? 0) / sum
  }
  return probabilities
}
