import { z } from 'zod'
import { type ElementRule, elementRules } from '../tensors/element-rule.js'
import type { Fault } from '../tensors/fault.js'
import type { TensorSpec } from './manifest.js'

type Shape = NonNullable<TensorSpec['shape']>
type JsonSchema = Record<string, unknown>

/** Deepest nesting of a tensor whose rank its model leaves open. */
const highestRank = 8

/** The shape of one prediction's part of a tensor: without the batch axis, where there is one; null for any. */
export function rowShape({ shape }: Pick<TensorSpec, 'shape'>): TensorSpec['shape'] {
  return typeof shape?.[0] === 'string' ? shape.slice(1) : shape
}

/** A flat array of exactly `length` numbers from 0 to `maximum`. */
export function numberList(length: number, maximum: number): z.ZodType {
  const rule = {
    accepts: (value: unknown) => typeof value === 'number' && value >= 0 && value <= maximum,
    message: `must be a number from 0 to ${maximum}`,
    schema: { type: 'number', minimum: 0, maximum },
  }
  const check = (value: unknown, context: z.RefinementCtx): void => {
    const fault = findFault(value, [length], 0, rule)
    if (fault) context.addIssue({ code: 'custom', path: fault.path.toReversed(), message: fault.message })
  }
  return z
    .unknown()
    .superRefine(check)
    .meta(nestedSchema([length], rule))
}

/** JSON Schema of the nested arrays of one prediction that fit a tensor's type, rank and fixed dimensions. */
export function tensorJsonSchema(spec: TensorSpec): JsonSchema {
  const shape = rowShape(spec)
  return shape ? nestedSchema(shape, elementRules[spec.type]) : { description: 'Nested arrays of any depth.' }
}

/**
 * The first fault of nested arrays as one prediction's part of a tensor, or undefined. Stops there: an array of a
 * million wrong elements is one fault, and cheap.
 */
export function findNestedFault(value: unknown, spec: TensorSpec): Fault | undefined {
  if (value === undefined) return { path: [], message: 'is required' }
  const sizes = rowShape(spec) ?? nestedSizes(value)
  if (sizes.length > highestRank && !spec.shape)
    return { path: [], message: `must be nested at most ${highestRank} deep` }
  const fault = findFault(value, [...sizes], 0, elementRules[spec.type])
  return fault && { path: fault.path.toReversed(), message: fault.message }
}

/** Lengths of nested arrays along their first elements: their shape, where they have one. */
export function nestedSizes(value: unknown): number[] {
  const sizes: number[] = []
  for (let level = value; Array.isArray(level) && sizes.length <= highestRank; level = level[0])
    sizes.push(level.length)
  return sizes
}

/** `sizes` starts as the shape; the first array met on an open axis fixes that axis for all the others. The path leads outwards. */
function findFault(value: unknown, sizes: Shape, axis: number, rule: ElementRule): Fault | undefined {
  if (axis === sizes.length) return rule.accepts(value) ? undefined : { path: [], message: rule.message }
  if (!Array.isArray(value)) return { path: [], message: 'must be an array' }
  const size = sizes[axis]
  if (typeof size !== 'number') sizes[axis] = value.length
  else if (value.length !== size) return { path: [], message: `must hold exactly ${size} elements` }
  for (let index = 0; index < value.length; index++) {
    const fault = findFault(value[index], sizes, axis + 1, rule)
    if (fault) {
      fault.path.push(index)
      return fault
    }
  }
  return undefined
}

function nestedSchema(shape: Shape, rule: ElementRule): JsonSchema {
  return shape.reduceRight<JsonSchema>(
    (items, size) => ({
      type: 'array',
      items,
      ...(typeof size === 'number' && { minItems: size, maxItems: size }),
    }),
    rule.schema,
  )
}
