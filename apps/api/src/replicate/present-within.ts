import type { PredictionId } from '@augur/core/ids'
import type { JsonText } from '@augur/core/predictions/prediction'

/** Beyond as much text a page ends early. */
export const mostPageChars = 16 * 1024 * 1024

/**
 * Presents one thing after the other until their text is too much for a page: at least one, and `next` is the last one
 * that is on it then.
 */
export async function presentWithin<T extends { id: PredictionId }>(
  found: readonly T[],
  next: PredictionId | null,
  present: (each: T) => Promise<JsonText>,
  mostChars = mostPageChars,
): Promise<{ results: JsonText[]; next: PredictionId | null }> {
  const results: JsonText[] = []
  let chars = 0
  for (const [i, each] of found.entries()) {
    const text = await present(each)
    results.push(text)
    chars += text.length
    if (chars >= mostChars && i < found.length - 1) return { results, next: each.id }
  }
  return { results, next }
}
