import { isUtf8 } from 'node:buffer'
import { ServiceError } from '../errors.js'

const lineFeed = 0x0a

/**
 * The lines of a stream of bytes, empty ones left out, without ever holding more than one of them and what came last.
 * @throws ServiceError `payload_too_large` for a line beyond `mostBytes`, `invalid_json` for bytes that are no UTF-8
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  mostBytes: number,
): AsyncGenerator<string> {
  let rest: Uint8Array[] = []
  let size = 0
  const keep = (bytes: Uint8Array) => {
    size += bytes.byteLength
    if (size > mostBytes)
      throw new ServiceError('payload_too_large', `A line must not be larger than ${mostBytes} bytes.`)
    rest.push(bytes)
  }
  const take = () => {
    const text = textOf(Buffer.concat(rest))
    rest = []
    size = 0
    return text
  }
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, from)) {
      keep(chunk.subarray(from, end))
      from = end + 1
      const line = take()
      if (line !== '') yield line
    }
    keep(chunk.subarray(from))
  }
  const line = take()
  if (line !== '') yield line
}

function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new ServiceError('invalid_json', 'The body is not UTF-8.')
  return bytes.toString('utf8').trim()
}
