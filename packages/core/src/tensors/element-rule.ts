import type { ElementType } from '../models/manifest.js'

type JsonSchema = Record<string, unknown>

/** What one element of a tensor may be in JSON. */
export interface ElementRule {
  accepts: (value: unknown) => boolean
  /** Ends a sentence that starts with the place of the fault. */
  message: string
  schema: JsonSchema
}

/** How a float that JSON has no number for is written, in inputs and outputs alike. */
export const nonFinite = ['NaN', 'Infinity', '-Infinity']
const decimal = /^-?\d{1,20}$/
/** Half of a surrogate pair has no UTF-8, and onnxruntime-node ends a string at U+0000: neither would arrive. */
const lostInTransit = /[\p{Surrogate}\0]/u

export const elementRules: Record<ElementType, ElementRule> = {
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
    accepts: (value) => typeof value === 'string' && !lostInTransit.test(value),
    message: 'must be a string of whole characters without U+0000',
    schema: { type: 'string' },
  },
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
      // Both kinds of 64 bits hold every safe integer, but for the sign.
      if (typeof value === 'number') return Number.isSafeInteger(value) && (value >= 0 || minimum < 0n)
      if (typeof value !== 'string' || !decimal.test(value)) return false
      const exact = BigInt(value)
      return exact >= minimum && exact <= maximum
    },
    message: `must be an integer from ${minimum} to ${maximum}, beyond 2^53 as a string`,
    schema: { anyOf: [{ type: 'integer' }, { type: 'string', pattern: decimal.source }] },
  }
}
