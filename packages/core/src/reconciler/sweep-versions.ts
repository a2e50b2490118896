import { modelTag } from '../ids.js'
import type { Catalogue, CatalogueVersion } from '../models/catalogue.js'
import type { CatalogueStore } from '../models/catalogue-store.js'
import { isTerminal, type Prediction } from '../predictions/prediction.js'
import { endVersion } from './end-version.js'
import { judgeVersion, type Verdict } from './judge-version.js'
import type { ReconcileContext } from './reconcile-model.js'

export interface SweepContext extends ReconcileContext {
  catalogue: CatalogueStore
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
  const { open } = await context.predictions.counts(context.tag, version.id)
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
      return end(context, version, isOpen)
    case 'end-waiting':
      return end(context, version, ({ status }) => status === 'starting')
    case 'forget': {
      const isLast = !catalogue.all.some(
        ({ id, model }) => id !== version.id && modelTag(model) === context.tag,
      )
      if (!isLast || (await isTagDone(context))) await forget(context, version)
    }
  }
}

const isOpen = ({ status }: Prediction) => !isTerminal(status)

async function end(
  context: SweepContext,
  { model, label, id }: CatalogueVersion,
  isDue: (prediction: Prediction) => boolean,
): Promise<void> {
  const ended = await endVersion(context, { model, version: id }, isDue)
  if (ended === 0) return
  context.logger.warn({ model, label, version: id, ended }, 'predictions of a removed version ended')
}

/** Without versions a tag is reconciled no more: its data must be gone and its webhooks delivered by then. */
async function isTagDone({ redis, keys, tag }: SweepContext): Promise<boolean> {
  const left = await Promise.all([redis.zcard(keys.retained(tag)), redis.zcard(keys.outbox(tag))])
  return left.every((count) => count === 0)
}

async function forget(context: SweepContext, { model, label, id }: CatalogueVersion): Promise<void> {
  const { redis, keys, tag } = context
  await context.queues.drop({ model, version: id })
  await redis.del(keys.counts(tag, id), keys.audit(tag, id))
  await context.catalogue.forget(id)
  context.logger.info({ model, label, version: id }, 'version left the catalogue')
}
