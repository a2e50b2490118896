import { countOpenWork } from '../batches/count-open-work.js'
import { modelTag } from '../ids.js'
import type { Catalogue, CatalogueVersion } from '../models/catalogue.js'
import type { CatalogueStore } from '../models/catalogue-store.js'
import { isTerminal, type Prediction } from '../predictions/prediction.js'
import type { ShadowQueues } from '../queue/shadow-queues.js'
import { endVersion } from './end-version.js'
import { judgeVersion, type Verdict } from './judge-version.js'
import { endBatches } from './reconcile-batches.js'
import type { ReconcileContext } from './reconcile-model.js'

export interface SweepContext extends ReconcileContext {
  catalogue: CatalogueStore
  shadowQueues: Pick<ShadowQueues, 'drop'>
  drainMs: number
}

const rememberMs = 3_600_000

/** Takes versions of one model tag that are gone out of the catalogue, and ends what still waits for them. */
export async function sweepVersions(context: SweepContext, catalogue: Catalogue): Promise<void> {
  const versions = catalogue.all.filter(({ model }) => modelTag(model) === context.tag)
  for (const version of versions) {
    if ((await judge(context, catalogue, version)) === 'keep') continue
    // That view may be old by now, and most of what follows cannot be taken back.
    const latest = await context.catalogue.read()
    const current = latest.version(version.id)
    if (current?.model === version.model) await sweep(context, latest, current)
  }
}

async function judge(
  context: SweepContext,
  catalogue: Catalogue,
  version: CatalogueVersion,
): Promise<Verdict> {
  const open = await countOpenWork(context, context.tag, version.id)
  const limits = { nowMs: context.now(), drainMs: context.drainMs, rememberMs }
  return judgeVersion(catalogue, version, open, limits)
}

async function sweep(context: SweepContext, catalogue: Catalogue, version: CatalogueVersion): Promise<void> {
  switch (await judge(context, catalogue, version)) {
    case 'keep':
      return
    case 'mark':
      return context.catalogue.markRemoved(version, context.now())
    case 'end':
      return end(context, version, isOpen, true)
    case 'end-waiting':
      return end(context, version, ({ status }) => status === 'starting', false)
    case 'forget': {
      const isLast = !catalogue.all.some(
        ({ id, model }) => id !== version.id && modelTag(model) === context.tag,
      )
      if (isLast && !(await isTagDone(context))) return
      await forget(context, version)
      // Nobody looks there any more, and all that stands there has ended.
      if (isLast) await context.redis.del(context.keys.due(context.tag))
    }
  }
}

const isOpen = ({ status }: Prediction) => !isTerminal(status)

async function end(
  context: SweepContext,
  { model, label, id }: CatalogueVersion,
  isDue: (prediction: Prediction) => boolean,
  isForced: boolean,
): Promise<void> {
  const target = { model, version: id }
  const ended = await endVersion(context, target, isDue)
  const batches = await endBatches(context, target, isForced)
  if (ended + batches === 0) return
  context.logger.warn(
    { model, label, version: id, ended, batches },
    'what waited for a removed version ended',
  )
}

/** Without versions a tag is reconciled no more: its data must be gone and its webhooks delivered by then. */
async function isTagDone({ redis, keys, tag }: SweepContext): Promise<boolean> {
  const left = await Promise.all([
    redis.zcard(keys.retained(tag)),
    redis.zcard(keys.retainedBatches(tag)),
    redis.hlen(keys.batchUploads(tag)),
    redis.zcard(keys.outbox(tag)),
  ])
  return left.every((count) => count === 0)
}

async function forget(context: SweepContext, { model, label, id }: CatalogueVersion): Promise<void> {
  const { redis, keys, tag } = context
  for (const queues of [context.queues, context.chunkQueues, context.shadowQueues])
    await queues.drop({ model, version: id })
  await redis.del(keys.counts(tag, id), keys.audit(tag, id))
  await context.catalogue.forget(id)
  context.logger.info({ model, label, version: id }, 'version left the catalogue')
}
