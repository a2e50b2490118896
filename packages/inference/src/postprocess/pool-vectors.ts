import type { Tensor } from '../tensor.js'

/**
 * One vector of a text from those of its tokens, [1, tokens, size]: the mean over the first `tokens` of them, or the
 * first alone. What stands behind them is padding.
 */
export function poolVectors(
  { dims, data }: Tensor<'float32'>,
  pooling: 'mean' | 'cls',
  tokens: number,
): Float64Array {
  const size = dims[2] ?? 0
  const counted = pooling === 'cls' ? 1 : Math.min(tokens, dims[1] ?? 0)
  const pooled = new Float64Array(size)
  for (let token = 0; token < counted; token++) {
    for (let axis = 0; axis < size; axis++) {
      pooled[axis] = (pooled[axis] ?? 0) + (data[token * size + axis] ?? 0)
    }
  }
  return pooled.map((sum) => sum / counted)
}

/** The same direction with length 1. A vector of zeros stays as it is. */
export function normaliseVector(vector: Float64Array): Float64Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  return length === 0 ? vector : vector.map((value) => value / length)
}
