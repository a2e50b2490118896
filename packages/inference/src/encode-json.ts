import { jsonFloat, jsonInteger } from '@augur/core/tensors/element-bytes'

/**
 * JSON text of an output. What JSON has no number for keeps its meaning: NaN and the infinities become strings of
 * those names, and an integer beyond 2^53 becomes a string of its digits.
 */
export function encodeJson(output: unknown): string {
  if (typeof output === 'bigint' || output === undefined)
    return JSON.stringify(encodeValue('', output ?? null))
  const text = tryStringify(output)
  // NaN and the infinities turn into null, so text without one holds none of them: the usual case needs no second pass.
  return text === undefined || text.includes('null') ? JSON.stringify(output, encodeValue) : text
}

/** Undefined for an output that holds a BigInt. */
function tryStringify(output: unknown): string | undefined {
  try {
    return JSON.stringify(output)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

function encodeValue(_key: string, value: unknown): unknown {
  if (typeof value === 'number') return jsonFloat(value)
  if (typeof value === 'bigint') return jsonInteger(value)
  return value
}
