import type { ModelTag } from '../ids.js'
import type { PredictionStore } from '../predictions/prediction-store.js'
import type { PredictionQueues, QueueTarget } from '../queue/prediction-queues.js'

/** `gap` and the two recounts are 0 unless something was lost. */
export interface Audit {
  accepted: number
  open: number
  terminal: number
  /** accepted − open − terminal, read in one step. */
  gap: number
  /** Entries of the open index that have no record. */
  openWithoutRecord: number
  /** Open predictions that their queue does not know; may pass through 1 while one is being created. */
  openWithoutJob: number
}

const pageSize = 1000

/** Compares the counters with a recount of open index, records and queue. Costs a look at every open prediction. */
export async function auditVersion(
  context: { predictions: PredictionStore; queues: PredictionQueues; now(): number },
  tag: ModelTag,
  target: QueueTarget,
): Promise<Audit> {
  const counts = await context.predictions.counts(tag, target.version)
  const terminal = counts.succeeded + counts.failed + counts.canceled
  const recount = { openWithoutRecord: 0, openWithoutJob: 0 }
  for (let after = 0, more = true; more; ) {
    const ids = await context.predictions.openBetween(tag, target.version, after, context.now(), pageSize)
    const read = await context.predictions.readMany(ids)
    const found = read.filter((prediction) => prediction !== null)
    const known = await context.queues.has(target, found)
    recount.openWithoutRecord += ids.length - found.length
    recount.openWithoutJob += known.filter((has) => !has).length
    more = ids.length === pageSize
    after = found.at(-1)?.createdAt ?? context.now()
  }
  return {
    accepted: counts.accepted,
    open: counts.open,
    terminal,
    gap: counts.accepted - counts.open - terminal,
    ...recount,
  }
}
