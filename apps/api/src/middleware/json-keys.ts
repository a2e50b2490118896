import { endOfString } from './json-depth.js'

const colon = 0x3a
const isBlank = (char: number) => char === 0x20 || char === 0x0a || char === 0x0d || char === 0x09

/** As they stand in the text, escapes included. */
export const longestKey = 256
/** What code that copies objects may take for more than a name. */
export const treacherous: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

function isKey(text: string, end: number): boolean {
  let next = end + 1
  let char = text.charCodeAt(next)
  while (isBlank(char)) char = text.charCodeAt(++next)
  return char === colon
}

/**
 * What is wrong with the names of properties in a JSON text of which `value` was parsed; null where nothing is. Jumps
 * from string to string, so that numbers cost nothing.
 */
export function findKeyFault(text: string, value: unknown): string | null {
  const hasEscapes = text.includes('\\')
  let count = 0
  for (let start = text.indexOf('"'); start !== -1; ) {
    const end = endOfString(text, start)
    if (isKey(text, end)) {
      count++
      if (end - start > longestKey + 1) return `names a property with more than ${longestKey} characters`
      const fault = findNameFault(text, start + 1, end, hasEscapes)
      if (fault !== null) return fault
    }
    start = text.indexOf('"', end + 1)
  }
  // A parser keeps the last of two properties of one name.
  return count > (isObject(value) ? keysIn(value) : 0) ? 'names a property twice' : null
}

function findNameFault(text: string, start: number, end: number, hasEscapes: boolean): string | null {
  const length = end - start
  // As long as those names are.
  if (!hasEscapes && length !== 9 && length !== 11) return null
  const written = text.slice(start, end)
  const name: unknown = written.includes('\\') ? JSON.parse(`"${written}"`) : written
  return typeof name === 'string' && treacherous.has(name) ? `names a property ${name}` : null
}

function keysIn(value: object): number {
  let count = 0
  if (Array.isArray(value)) {
    for (const each of value) if (isObject(each)) count += keysIn(each)
    return count
  }
  for (const each of Object.values(value)) {
    count++
    if (isObject(each)) count += keysIn(each)
  }
  return count
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
