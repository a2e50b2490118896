import type { Fault } from '@augur/core/tensors/fault'

/** The elements of arrays that are nested as `shape` says, in row-major order, or the first fault of the nesting. */
export function flatten(data: readonly unknown[], shape: readonly number[]): unknown[] | Fault {
  const elements: unknown[] = []
  const fault = collect(data, shape, 0, elements)
  return fault ?? elements
}

function collect(
  value: unknown,
  shape: readonly number[],
  axis: number,
  elements: unknown[],
): Fault | undefined {
  const size = shape[axis]
  if (size === undefined) {
    elements.push(value)
    return undefined
  }
  if (!Array.isArray(value)) return { path: [], message: 'must be an array' }
  if (value.length !== size) return { path: [], message: `must hold exactly ${size} elements, as shape says` }
  for (const [index, inner] of value.entries()) {
    const fault = collect(inner, shape, axis + 1, elements)
    if (fault) return { path: [index, ...fault.path], message: fault.message }
  }
  return undefined
}

/** Where an element lies in the nested arrays that it was flattened from. */
export function placeOf(index: number, shape: readonly number[]): number[] {
  let rest = index
  return shape
    .toReversed()
    .map((size) => {
      const at = rest % size
      rest = Math.floor(rest / size)
      return at
    })
    .toReversed()
}
