import { ServiceError } from '@augur/core/errors'

/** Pieces of a body that are each a hundred times as dear as what they hold. No client sends so many. */
const mostSmallPieces = 10_000
const smallPieceBytes = 64

export interface PieceCounter {
  /**
   * Gives how many bytes came so far.
   * @throws ServiceError `payload_too_large` for a storm of tiny pieces
   */
  take(piece: Uint8Array): number
}

/** Counts the pieces in which one body comes. */
export function countPieces(): PieceCounter {
  let pieces = 0
  let bytes = 0
  return {
    take({ byteLength }) {
      pieces++
      bytes += byteLength
      if (pieces > mostSmallPieces && bytes < pieces * smallPieceBytes)
        throw new ServiceError('payload_too_large', 'The body comes in too many small pieces.')
      return bytes
    },
  }
}

/**
 * What comes, while it does not come in too many small pieces.
 * @throws ServiceError `payload_too_large` while it is read
 */
export async function* inFewPieces(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const pieces = countPieces()
  for await (const piece of body) {
    pieces.take(piece)
    yield piece
  }
}
