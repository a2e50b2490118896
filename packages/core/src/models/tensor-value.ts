import { z } from 'zod'
import type { ElementType, TensorSpec } from './manifest.js'

type Shape = TensorSpec['shape']
type JsonSchema = Record<string, unknown>

/** What one element may be. */
interface ElementRule {
  accepts: (value: unknown) => boolean
  /** Ends a sentence that starts with the place of the fault. */
  message: string
  schema: JsonSchema
}

interface Fault {
  /** From the element outwards. */
  path: number[]
  message: string
}

const required: Fault = { path: [], message: 'is required' }

/** How a float that JSON has no number for is written, in inputs and outputs alike. */
const nonFinite = ['NaN', 'Infinity', '-Infinity']
const decimal = /^-?\d{1,20}$/

const rules: Record<ElementType, ElementRule> = {
  float16: float(65_504),
  float32: float(3.4028234663852886e38),
  float64: float(Number.MAX_VALUE),
  int8: integer(-(2 ** 7), 2 ** 7 - 1),
  int16: integer(-(2 ** 15), 2 ** 15 - 1),
  int32: integer(-(2 ** 31), 2 ** 31 - 1),
  int64: longInteger(-(2n ** 63n), 2n ** 63n - 1n),
  uint8: integer(0, 2 ** 8 - 1),
  uint16: integer(0, 2 ** 16 - 1),
  uint32: integer(0, 2 ** 32 - 1),
  uint64: longInteger(0n, 2n ** 64n - 1n),
  bool: {
    accepts: (value) => typeof value === 'boolean',
    message: 'must be a boolean',
    schema: { type: 'boolean' },
  },
  string: {
    accepts: (value) => typeof value === 'string',
    message: 'must be a string',
    schema: { type: 'string' },
  },
}

/** The shape of one prediction's part of a tensor: without the batch axis, where there is one. */
export function rowShape({ shape }: Pick<TensorSpec, 'shape'>): Shape {
  return typeof shape[0] === 'string' ? shape.slice(1) : shape
}

/** Nested arrays of one prediction that fit a tensor's type, rank and fixed dimensions. */
export function tensorValue(spec: TensorSpec): z.ZodType {
  return nestedArrays(rowShape(spec), rules[spec.type])
}

/** A flat array of exactly `length` numbers from 0 to `maximum`. */
export function numberList(length: number, maximum: number): z.ZodType {
  return nestedArrays([length], {
    accepts: (value) => typeof value === 'number' && value >= 0 && value <= maximum,
    message: `must be a number from 0 to ${maximum}`,
    schema: { type: 'number', minimum: 0, maximum },
  })
}

/** JSON Schema of the same nested arrays. */
export function tensorJsonSchema(spec: TensorSpec): JsonSchema {
  return nestedSchema(rowShape(spec), rules[spec.type])
}

/** Stops at the first fault: an array of a million wrong elements is one issue, and cheap. */
function nestedArrays(shape: Shape, rule: ElementRule): z.ZodType {
  const check = (value: unknown, context: z.RefinementCtx): void => {
    const fault = value === undefined ? required : findFault(value, [...shape], 0, rule)
    if (fault) context.addIssue({ code: 'custom', path: fault.path.toReversed(), message: fault.message })
  }
  return z.unknown().superRefine(check).meta(nestedSchema(shape, rule))
}

/** `sizes` starts as the shape; the first array met on an open axis fixes that axis for all the others. */
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

function float(maximum: number): ElementRule {
  return {
    accepts: (value) =>
      typeof value === 'number'
        ? Math.abs(value) <= maximum
        : typeof value === 'string' && nonFinite.includes(value),
    message: `must be a number from ${-maximum} to ${maximum}, or "NaN", "Infinity" or "-Infinity"`,
    schema: { anyOf: [{ type: 'number' }, { enum: nonFinite }] },
  }
}

function integer(minimum: number, maximum: number): ElementRule {
  return {
    accepts: (value) =>
      typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum,
    message: `must be an integer from ${minimum} to ${maximum}`,
    schema: { type: 'integer', minimum, maximum },
  }
}

/** 64 bits: beyond 2^53 JSON's numbers are not exact, and digits in a string are. */
function longInteger(minimum: bigint, maximum: bigint): ElementRule {
  return {
    accepts: (value) => {
      const isExact = typeof value === 'string' ? decimal.test(value) : Number.isSafeInteger(value)
      if (!isExact || (typeof value !== 'string' && typeof value !== 'number')) return false
      const exact = BigInt(value)
      return exact >= minimum && exact <= maximum
    },
    message: `must be an integer from ${minimum} to ${maximum}, beyond 2^53 as a string`,
    schema: { anyOf: [{ type: 'integer' }, { type: 'string', pattern: decimal.source }] },
  }
}
