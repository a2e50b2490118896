import { holdsMoreThan, nestsDeeperThan } from './json-depth.js'
import { findKeyFault } from './json-keys.js'

export interface JsonLimits {
  /** Levels of arrays and objects. */
  maxDepth: number
  /** Arrays and objects included. */
  maxValues: number
}

export type JsonResult =
  | { ok: true; value: unknown }
  /** `fault` ends a sentence that begins with what the text is. */
  | { ok: false; fault: string; isSyntax: boolean }

/** What is to be known of JSON text before it is parsed, which takes the longer the more it nests and holds. */
export function findSizeFault(text: string, { maxDepth, maxValues }: JsonLimits): string | null {
  if (nestsDeeperThan(maxDepth, text)) return `nests deeper than ${maxDepth} levels`
  return holdsMoreThan(maxValues, text) ? `holds more than ${maxValues} values` : null
}

/** Parses text whose size is right. What two parsers could read in two ways is refused. */
export function parseStrictly(text: string): JsonResult {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { ok: false, fault: 'is not JSON', isSyntax: true }
  }
  const fault = findKeyFault(text, value)
  return fault === null ? { ok: true, value } : { ok: false, fault, isSyntax: false }
}

/** Both. */
export function readJson(text: string, limits: JsonLimits): JsonResult {
  const fault = findSizeFault(text, limits)
  return fault === null ? parseStrictly(text) : { ok: false, fault, isSyntax: false }
}
