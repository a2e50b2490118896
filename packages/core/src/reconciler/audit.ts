import type { ModelTag } from '../ids.js'
import type { PredictionStore } from '../predictions/prediction-store.js'
import type { PredictionQueues } from '../queue/prediction-queues.js'
import type { QueueTarget } from '../queue/version-queues.js'
import { afterPage, pageSize } from './progress.js'

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

/** So many pages are recounted, the oldest predictions first. */
const maxPages = 100

interface AuditContext {
  predictions: PredictionStore
  queues: PredictionQueues
  now(): number
}

/** Compares the counters with a recount of open index, records and queue. */
export async function auditVersion(
  context: AuditContext,
  tag: ModelTag,
  target: QueueTarget,
): Promise<Audit> {
  const counts = await context.predictions.counts(tag, target.version)
  const terminal = counts.succeeded + counts.failed + counts.canceled
  return {
    accepted: counts.accepted,
    open: counts.open,
    terminal,
    gap: counts.accepted - counts.open - terminal,
    ...(await recount(context, tag, target)),
  }
}

async function recount(context: AuditContext, tag: ModelTag, target: QueueTarget) {
  const without = { records: new Set<string>(), jobs: new Set<string>() }
  let afterMs = 0
  for (let page = 0; page < maxPages; page++) {
    const entries = await context.predictions.openBetween(
      tag,
      target.version,
      afterMs,
      context.now(),
      pageSize,
    )
    const ids = entries.map(([id]) => id)
    const heads = await context.predictions.readHeads(ids)
    const found = heads.filter((head) => head !== null)
    const known = await context.queues.has(target, found)
    for (const [i, id] of ids.entries()) if (heads[i] === null) without.records.add(id)
    for (const [i, { id }] of found.entries()) if (!known[i]) without.jobs.add(id)
    if (entries.length < pageSize) break
    afterMs = afterPage(entries.map(([, createdAt]) => createdAt))
  }
  return { openWithoutRecord: without.records.size, openWithoutJob: without.jobs.size }
}
