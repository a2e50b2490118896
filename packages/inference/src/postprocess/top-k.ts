/** Indices of the `k` largest values, largest first; equal ones in their order. NaN comes last. */
export function topK(values: ArrayLike<number>, k: number): number[] {
  const rank = (index: number): number => {
    const value = values[index] ?? Number.NaN
    return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value
  }
  const indices = Array.from({ length: values.length }, (_, index) => index)
  return indices.toSorted((a, b) => rank(b) - rank(a) || a - b).slice(0, k)
}
