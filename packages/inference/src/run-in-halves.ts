/** How one run of several items ended. Only `ran` says something about each of them. */
export type BatchOutcome<R> =
  | { kind: 'ran'; results: readonly R[] }
  | { kind: 'crashed' }
  | { kind: 'timeout' }
  | { kind: 'resource_limit' }

/** What became of one item. */
export type ItemOutcome<R> =
  | { kind: 'ran'; result: R }
  | { kind: 'failed'; code: 'runner_crashed' | 'timeout' | 'resource_limit' }

export interface Settled<T, R> {
  item: T
  outcome: ItemOutcome<R>
}

export interface RunInHalvesOptions<T, R> {
  /** One attempt. A rejection ends the whole: items not settled by then stay with the caller. */
  run: (items: readonly T[]) => Promise<BatchOutcome<R>>
  /** Records that an item died alone, and says how often it has by now; 0 when it is not ours any more. */
  charge: (item: T) => Promise<number>
  /** Called with items as soon as they are decided; with all of them at once when nothing dies. */
  settle: (settled: Settled<T, R>[]) => void
  /** Deaths alone after which an item fails. */
  maxCharges?: number
}

/**
 * Runs items together. When the run dies it is repeated in halves, so that the item that kills it is found by dying
 * alone, and the others never pay for it. Settles each item exactly once.
 */
export async function runInHalves<T extends object, R extends object>(
  items: readonly T[],
  options: RunInHalvesOptions<T, R>,
): Promise<void> {
  const [first, ...others] = items
  if (first === undefined) return
  if (others.length === 0) return runAlone(first, options)
  const outcome = await options.run(items)
  if (outcome.kind === 'ran') return settleAll(items, outcome.results, options)
  const middle = Math.ceil(items.length / 2)
  await runInHalves(items.slice(0, middle), options)
  await runInHalves(items.slice(middle), options)
}

async function runAlone<T extends object, R extends object>(
  item: T,
  options: RunInHalvesOptions<T, R>,
): Promise<void> {
  for (;;) {
    const outcome = await options.run([item])
    if (outcome.kind === 'ran') return settleAll([item], outcome.results, options)
    // A crash may be the machine's doing, so it has to repeat; running out of time or memory is the item's own.
    if (outcome.kind !== 'crashed') return fail(item, outcome.kind, options)
    const charges = await options.charge(item)
    if (charges === 0 || charges >= (options.maxCharges ?? 3)) return fail(item, 'runner_crashed', options)
  }
}

function settleAll<T extends object, R extends object>(
  items: readonly T[],
  results: readonly R[],
  options: RunInHalvesOptions<T, R>,
): void {
  const settled = items.flatMap((item, index): Settled<T, R>[] => {
    const result = results[index]
    return result === undefined ? [] : [{ item, outcome: { kind: 'ran', result } }]
  })
  if (settled.length !== items.length || results.length !== items.length) {
    throw new Error('a run gave another number of results than it had items')
  }
  options.settle(settled)
}

function fail<T extends object, R extends object>(
  item: T,
  code: 'runner_crashed' | 'timeout' | 'resource_limit',
  { settle }: RunInHalvesOptions<T, R>,
): void {
  settle([{ item, outcome: { kind: 'failed', code } }])
}
