const newline = Buffer.from('\r\n')

/** Where the line that begins at `at` ends, or -1. */
const endOfLine = (bytes: Buffer, at: number) => {
  const end = bytes.indexOf(newline, at)
  return end === -1 ? -1 : end + 2
}

/** Where the reply of a Redis that begins at `at` ends, or -1 while it has not come whole. */
export function endOfReply(bytes: Buffer, at: number): number {
  const end = endOfLine(bytes, at)
  if (end === -1) return -1
  const type = String.fromCharCode(bytes[at] ?? 0)
  const length = Number(bytes.toString('latin1', at + 1, end - 2))
  if ('$=!'.includes(type)) {
    const whole = length < 0 ? end : end + length + 2
    return whole <= bytes.length ? whole : -1
  }
  if (!'*%~>|'.includes(type)) return end
  let next = end
  for (let left = type === '%' ? 2 * length : length; left > 0 && next !== -1; left--)
    next = endOfReply(bytes, next)
  return next
}

/** The command that begins at `at`, and where it ends; null while it has not come whole. */
export function readCommand(bytes: Buffer, at: number): { words: Buffer[]; end: number } | null {
  const end = endOfReply(bytes, at)
  if (end === -1) return null
  const words: Buffer[] = []
  for (let next = endOfLine(bytes, at); next < end; ) {
    const start = endOfLine(bytes, next)
    const length = Number(bytes.toString('latin1', next + 1, start - 2))
    words.push(bytes.subarray(start, start + length))
    next = start + length + 2
  }
  return { words, end }
}
