import type { PredictionId } from '@augur/core/ids'
import type { ListedPage, PredictionFilter } from '@augur/core/predictions/list-predictions'
import { predictionStatuses } from '@augur/core/predictions/prediction'
import { z } from '@hono/zod-openapi'
import { validQuery } from '../api-app.js'
import { fullName } from '../full-name.js'
import { fromCursor, toCursor } from './page-cursor.js'
import { metadataSchema } from './schemas.js'

const mostPerPage = 100
const name = z.string().min(1).max(300)
const time = z.iso.datetime({ offset: true })

/** What the list of predictions can be asked for. */
export const listQuery = z.strictObject({
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(mostPerPage).default(mostPerPage),
  status: z.enum(predictionStatuses).optional(),
  model: name.optional().openapi({ description: '`owner/name`.' }),
  version: name.optional().openapi({ description: "A version's id or label." }),
  created_after: time.optional().openapi({ description: 'Created then or later.' }),
  created_before: time.optional().openapi({ description: 'Created before then.' }),
  metadata: metadataSchema.optional().openapi({
    description: 'Words that the metadata must hold, as in `metadata[run]=7`.',
    param: { style: 'deepObject', explode: true },
  }),
})
export type ListQuery = z.infer<typeof listQuery>

const ofMetadata = /^metadata\[(.+)\]$/s

/** A query whose keys in brackets, as in `metadata[run]`, have become those of `metadata`. */
export function gatherMetadata(query: Record<string, string>): Record<string, unknown> {
  const plain: [string, string][] = []
  const metadata: [string, string][] = []
  for (const [key, value] of Object.entries(query)) {
    const [, word] = ofMetadata.exec(key) ?? []
    if (word === undefined) plain.push([key, value])
    else metadata.push([word, value])
  }
  return {
    ...Object.fromEntries(plain),
    ...(metadata.length > 0 && { metadata: Object.fromEntries(metadata) }),
  }
}

/** @throws ServiceError `invalid_request` */
export function readListQuery(query: Record<string, string>): ListQuery {
  return validQuery(listQuery, gatherMetadata(query))
}

/** @throws ServiceError `invalid_request` for a foreign cursor */
export function pageOf(query: ListQuery): ListedPage {
  const { cursor, limit } = query
  return { before: cursor === undefined ? null : fromCursor(cursor), limit, filter: filterOf(query) }
}

function filterOf(query: ListQuery): PredictionFilter {
  const { status, model, version, metadata, created_after: after, created_before: before } = query
  return {
    ...(status !== undefined && { status }),
    ...(model !== undefined && { model: fullName(model) }),
    ...(version !== undefined && { version }),
    ...(metadata !== undefined && { metadata }),
    ...(after !== undefined && { sinceMs: Date.parse(after) }),
    ...(before !== undefined && { beforeMs: Date.parse(before) }),
  }
}

/** The query of the page that goes on before `next`. */
export function nextQuery({ metadata = {}, limit, ...query }: ListQuery, next: PredictionId): string {
  const params = new URLSearchParams()
  const plain = { ...query, cursor: toCursor(next), limit: String(limit) }
  for (const [key, value] of Object.entries(plain)) if (value !== undefined) params.set(key, value)
  for (const [key, value] of Object.entries(metadata)) params.set(`metadata[${key}]`, value)
  return String(params)
}
