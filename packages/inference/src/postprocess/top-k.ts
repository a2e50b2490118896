/** Beyond as many, sorting all of them is cheaper. */
const fewest = 16

/** Indices of the `k` largest values, largest first; equal ones in their order. NaN comes last. */
export function topK(values: ArrayLike<number>, k: number): number[] {
  const ranks = Float64Array.from(values, (value) => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value))
  return k > fewest ? sorted(ranks).slice(0, k) : best(ranks, k)
}

function sorted(ranks: Float64Array): number[] {
  const indices = Array.from(ranks.keys())
  return indices.toSorted((a, b) => (ranks[b] ?? 0) - (ranks[a] ?? 0) || a - b)
}

/** Lets each value sink into its place among the best so far. */
function best(ranks: Float64Array, k: number): number[] {
  const found: number[] = []
  for (let index = 0; index < ranks.length; index++) {
    const rank = ranks[index] ?? 0
    let place = found.length
    while (place > 0 && rank > (ranks[found[place - 1] ?? 0] ?? 0)) place--
    if (place >= k) continue
    found.splice(place, 0, index)
    if (found.length > k) found.pop()
  }
  return found
}
