import { modelTag, type PredictionId, tagOfId, timePrefix } from '../ids.js'
import type { Prediction, PredictionStatus } from './prediction.js'
import type { PredictionIndex } from './prediction-index.js'
import type { PredictionStore } from './prediction-store.js'

export interface ListContext {
  predictions: Pick<PredictionStore, 'readMany' | 'readOutlines'>
  index: Pick<PredictionIndex, 'list' | 'remove'>
  tenant: string
}

/** Which predictions are listed; all of them where nothing is asked for. */
export interface PredictionFilter {
  status?: PredictionStatus
  /** `owner/name`. */
  model?: string
  /** A version's id or its label. */
  version?: string
  /** Milliseconds since 1970: made then or later. */
  sinceMs?: number
  /** Made before then. */
  beforeMs?: number
  /** Words that its own must hold. */
  metadata?: Readonly<Record<string, string>>
}

export interface ListedPage {
  /** The id to go on before; null from the newest on. */
  before: PredictionId | null
  limit: number
  filter?: PredictionFilter
}

export interface PredictionPage {
  predictions: Prediction[]
  /** The id to go on before, or null at the end. */
  next: PredictionId | null
}

/** So many predictions are looked at for one page, however few of them are asked for. */
export const mostLookedAt = 2000
const readAtOnce = 500

/**
 * A page of this tenant's predictions, newest first; ids whose records have expired leave the index on the way. Where a
 * filter matches little, a page may be short, or empty, and is still followed by another.
 */
export async function listPredictions(
  context: ListContext,
  { before, limit, filter = {} }: ListedPage,
): Promise<PredictionPage> {
  const { ids, next } = await find(context, { before: startOf(before, filter), limit, filter })
  const read = await readKnown(context, ids, (wanted) => context.predictions.readMany(wanted))
  // Once more: what was found may have changed its status since.
  return { predictions: read.filter((prediction) => matches(prediction, filter)), next }
}

function startOf(before: PredictionId | null, { beforeMs }: PredictionFilter): PredictionId | null {
  if (beforeMs === undefined) return before
  const start = timePrefix(Math.max(0, beforeMs))
  return before === null || start < before ? start : before
}

async function find(
  context: ListContext,
  { before, limit, filter }: Required<ListedPage>,
): Promise<{ ids: PredictionId[]; next: PredictionId | null }> {
  const found: PredictionId[] = []
  const pageSize = isByRecord(filter) || filter.model !== undefined ? readAtOnce : limit
  let from = before
  for (let lookedAt = 0; lookedAt < mostLookedAt; lookedAt += pageSize) {
    const page = await context.index.list(context.tenant, from, pageSize, filter.sinceMs ?? null)
    found.push(...(await matching(context, page, filter)))
    if (found.length >= limit) {
      const isWhole = found.length === limit && page.length < pageSize
      return { ids: found.slice(0, limit), next: isWhole ? null : (found[limit - 1] ?? null) }
    }
    if (page.length < pageSize) return { ids: found, next: null }
    from = page.at(-1) ?? null
  }
  return { ids: found, next: from }
}

/** What of a page is asked for, as far as ids tell and, only where they do not, records. */
async function matching(
  context: ListContext,
  page: readonly PredictionId[],
  filter: PredictionFilter,
): Promise<PredictionId[]> {
  const { model } = filter
  const ofModel = model === undefined ? page : page.filter((id) => tagOfId(id) === modelTag(model))
  if (!isByRecord(filter)) return [...ofModel]
  const outlines = await readKnown(context, ofModel, (ids) => context.predictions.readOutlines(ids))
  return outlines.filter((outline) => matches(outline, filter)).map(({ id }) => id)
}

const isByRecord = ({ status, version, metadata }: PredictionFilter) =>
  status !== undefined || version !== undefined || metadata !== undefined

function matches(
  prediction: Prediction,
  { status, model, version, metadata = {} }: PredictionFilter,
): boolean {
  return (
    (status === undefined || prediction.status === status) &&
    (model === undefined || prediction.model === model) &&
    (version === undefined || prediction.version === version || prediction.label === version) &&
    Object.entries(metadata).every(([key, value]) => prediction.metadata?.[key] === value)
  )
}

async function readKnown(
  { index, tenant }: ListContext,
  ids: readonly PredictionId[],
  readAll: (ids: readonly PredictionId[]) => Promise<(Prediction | null)[]>,
): Promise<Prediction[]> {
  const read = await readAll(ids)
  await index.remove(
    tenant,
    ids.filter((_, i) => read[i] === null),
  )
  return read.filter((prediction) => prediction !== null).filter((prediction) => prediction.tenant === tenant)
}
