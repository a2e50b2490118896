import type { GivenLine } from '@augur/core/batches/line-checker'
import type { NewBatch } from '@augur/core/batches/create-batch'
import { renderBatch } from '@augur/core/batches/render-batch'
import { submitBatch } from '@augur/core/batches/submit-batch'
import { fingerprintOf } from '@augur/core/idempotency'
import type { Context } from 'hono'
import { type ApiEnv, validBody, validQuery } from '../api-app.js'
import { asCaller } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'
import { jsonResponse } from '../json-response.js'
import { parseJson } from '../middleware/read-body.js'
import { readBodyLines } from './batch-lines.js'
import { batchBody, type BatchOptions, batchQuery } from './batch-schemas.js'
import { idempotencyOf } from '../idempotency-key.js'
import { gatherMetadata } from './list-query.js'
import { chooseVersion } from './predict.js'
import { baseUrlOf } from './present.js'

const dayMs = 24 * 3600 * 1000

interface GivenBatch {
  options: BatchOptions
  lines: NewBatch['lines']
  /** Of everything that makes two requests the same; right once the lines were read. */
  fingerprint(): string
}

/** Creates a batch from JSON Lines, whose options stand in the query, and answers 201. */
export async function createFromLines(api: ApiContext, c: Context<ApiEnv>): Promise<Response> {
  const options = validQuery(batchQuery, gatherMetadata(c.req.query()))
  const { AUGUR_MAX_BATCH_BYTES: maxBytes, AUGUR_MAX_BODY_BYTES: maxLineBytes } = api.settings
  const { lines, fingerprint } = readBodyLines(c, { ...api.jsonLimits, maxBytes, maxLineBytes })
  const all = () => fingerprintOf(c.req.path, JSON.stringify(options), fingerprint())
  return answerCreated(api, c, { options, lines, fingerprint: all })
}

/** Creates a batch from one JSON object, and answers 201. */
export async function createFromJson(api: ApiContext, c: Context<ApiEnv>): Promise<Response> {
  const text = await c.req.text()
  const { inputs, items, ...options } = validBody(batchBody, parseJson(text))
  const values = items ?? inputs?.map((input) => ({ input })) ?? []
  const lines = [values.map((value): GivenLine => ({ kind: 'parsed', value }))]
  return answerCreated(api, c, { options, lines, fingerprint: () => fingerprintOf(c.req.path, text) })
}

async function answerCreated(
  api: ApiContext,
  c: Context<ApiEnv>,
  { options, lines, fingerprint }: GivenBatch,
): Promise<Response> {
  const context = asCaller(api, c, 'predict')
  const key = idempotencyOf(c, () => '')?.key
  const { expires_in: expiresIn, webhook, metadata } = options
  const { batch, replayed } = await submitBatch(context, {
    version: chooseVersion(currentCatalogue(context), options, ''),
    webhook: webhook ?? null,
    metadata: metadata ?? null,
    expiresInMs: expiresIn == null ? dayMs : expiresIn * 1000,
    lines,
    idempotency: key === undefined ? null : { key, fingerprint },
  })
  const baseUrl = baseUrlOf(context, c)
  return jsonResponse(c, renderBatch(batch, { baseUrl, tickets: context.tickets }), 201, {
    location: `${baseUrl}/batches/${batch.id}`,
    ...(replayed && { 'idempotency-replayed': 'true' }),
  })
}
