import type { PredictionId } from '@augur/core/ids'
import { bytesOf, type JsonPiece } from '../json-pieces.js'

/** Beyond as much text a page ends early. */
export const mostPageBytes = 16 * 1024 * 1024

/**
 * Presents one thing after the other until their text is too much for a page: at least one, and `next` is the last one
 * that is on it then.
 */
export async function presentWithin<T extends { id: PredictionId }>(
  found: readonly T[],
  next: PredictionId | null,
  present: (each: T) => Promise<readonly JsonPiece[]>,
  mostBytes = mostPageBytes,
): Promise<{ results: (readonly JsonPiece[])[]; next: PredictionId | null }> {
  const results: (readonly JsonPiece[])[] = []
  let bytes = 0
  for (const [i, each] of found.entries()) {
    const pieces = await present(each)
    results.push(pieces)
    bytes += bytesOf(pieces)
    if (bytes >= mostBytes && i < found.length - 1) return { results, next: each.id }
  }
  return { results, next }
}
