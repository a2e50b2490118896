import { isUtf8 } from 'node:buffer'
import { ServiceError } from '../errors.js'

const lineFeed = 0x0a

/**
 * The lines of a stream of bytes, empty ones left out: those that each piece of it ends, together, since a turn of the
 * event loop for every line would cost as much as reading it. Never holds more than one line and what came last.
 * @throws ServiceError `payload_too_large` for a line beyond `mostBytes`, `invalid_json` for bytes that are no UTF-8
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  mostBytes: number,
): AsyncGenerator<string[]> {
  let rest: Uint8Array[] = []
  let size = 0
  const keep = (bytes: Uint8Array) => {
    size += bytes.byteLength
    if (size > mostBytes)
      throw new ServiceError('payload_too_large', `A line must not be larger than ${mostBytes} bytes.`)
    rest.push(bytes)
  }
  const take = () => {
    const [first] = rest
    const text = textOf(first && rest.length === 1 ? first : Buffer.concat(rest))
    rest = []
    size = 0
    return text
  }
  for await (const chunk of chunks) {
    const lines: string[] = []
    let from = 0
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, from)) {
      keep(chunk.subarray(from, end))
      from = end + 1
      const line = take()
      if (line !== '') lines.push(line)
    }
    keep(chunk.subarray(from))
    if (lines.length > 0) yield lines
  }
  const line = take()
  if (line !== '') yield [line]
}

function textOf(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new ServiceError('invalid_json', 'The body is not UTF-8.')
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').trim()
}
