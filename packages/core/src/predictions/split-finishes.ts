import type { Finish } from './prediction-store.js'

/** Redis does nothing else while it carries out a call, and holds all of it in memory besides what it writes. */
const mostBytes = 1024 * 1024

/** Ends that go in one call: of those whose outputs and webhooks are large, few. Order is kept. */
export function splitFinishes(finishes: readonly Finish[]): (readonly Finish[])[] {
  const calls: Finish[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const finish of finishes) {
    const added = lengthOf(finish)
    if (bytes + added > mostBytes) {
      calls.push([])
      bytes = 0
    }
    calls.at(-1)?.push(finish)
    bytes += added
  }
  return calls
}

/** Of its text, which is near enough to its bytes. */
function lengthOf({ ending: { output, logs }, deliveries }: Finish): number {
  let length = (output?.kind === 'inline' ? output.json.length : 0) + (logs?.length ?? 0)
  for (const { body } of deliveries) length += body.length
  return length
}
