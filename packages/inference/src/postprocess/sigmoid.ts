/** A probability for each score by itself. */
export function sigmoid(scores: ArrayLike<number>): Float64Array {
  return Float64Array.from(scores, (score) => 1 / (1 + Math.exp(-score)))
}
