const quote = 0x22
const backslash = 0x5c
const isOpening = (char: number) => char === 0x5b || char === 0x7b
const isClosing = (char: number) => char === 0x5d || char === 0x7d

function isEscaped(text: string, at: number): boolean {
  let first = at
  while (text.charCodeAt(first - 1) === backslash) first--
  return (at - first) % 2 === 1
}

/** Where the string ends that begins at `start`: at its quote, or at the end of a text that breaks off. */
export function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end === -1 ? text.length : end
}

/** Most texts have too few brackets to nest deep, which is seen far sooner than how they nest. */
function hasMoreBracketsThan(most: number, text: string): boolean {
  const brackets = /[[{]/g
  for (let count = 0; count <= most; count++) if (!brackets.test(text)) return false
  return true
}

/** Whether JSON text nests deeper than `most` arrays and objects. Found without parsing, so without recursion. */
export function nestsDeeperThan(most: number, text: string): boolean {
  if (!hasMoreBracketsThan(most, text)) return false
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === quote) at = endOfString(text, at)
    else if (isOpening(char)) depth++
    else if (isClosing(char)) depth--
    if (depth > most) return true
  }
  return false
}

const comma = 0x2c

/**
 * Whether JSON text holds more than `most` values, arrays and objects included. A text that is too short for so many is
 * not looked at, so that usual bodies cost nothing.
 */
export function holdsMoreThan(most: number, text: string): boolean {
  // The shortest value takes two characters: itself and a comma.
  if (text.length <= 2 * most) return false
  let values = 1
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === quote) at = endOfString(text, at)
    else if (char === comma || isOpening(char)) values++
    if (values > most) return true
  }
  return false
}
