import { batchStatuses, longestBatchMs, stopReasons } from '@augur/core/batches/batch'
import { z } from '@hono/zod-openapi'
import { metadataSchema, pageOf } from './schemas.js'

const time = z.iso.datetime()
const name = z.string().min(1).max(300)

/** What a batch is asked for beside its lines; of JSON Lines it stands in the query. */
const optionFields = {
  model: name.optional().openapi({ description: '`owner/name`; its stable version is used.' }),
  version: name.optional().openapi({
    description: 'A version id, `owner/name:version`, or a label; of `model` where that is given.',
  }),
  webhook: z.string().max(2048).nullish().openapi({ description: 'Told when the batch ends.' }),
  webhook_events_filter: z
    .array(z.literal('completed'))
    .max(16)
    .nullish()
    .openapi({ description: 'A batch has one event.' }),
  metadata: metadataSchema.nullish(),
}
const expiresIn = z
  .number()
  .int()
  .min(1)
  .max(longestBatchMs / 1000)
const expiresInText = 'Seconds that it may take, 24 h by default. What has not run by then is left out.'

const hasVersion = ({ model, version }: { model?: string | undefined; version?: string | undefined }) =>
  model !== undefined || version !== undefined

/** The query of a batch as JSON Lines; of the model and the version, one must be given. */
export const batchQueryFields = z.strictObject({
  ...optionFields,
  webhook: z.string().max(2048).optional().openapi({ description: 'Told when the batch ends.' }),
  webhook_events_filter: z.literal('completed').optional(),
  expires_in: z.coerce.number().pipe(expiresIn).optional().openapi({ description: expiresInText }),
  metadata: metadataSchema.optional().openapi({ param: { style: 'deepObject', explode: true } }),
})
export const batchQuery = batchQueryFields.refine(hasVersion, {
  path: ['model'],
  error: 'give model or version',
})
export type BatchOptions = Pick<z.infer<typeof batchQuery>, 'model' | 'version'> & {
  webhook?: string | null | undefined
  metadata?: Record<string, string> | null | undefined
  expires_in?: number | null | undefined
}

export const batchBody = z
  .strictObject({
    ...optionFields,
    expires_in: expiresIn.nullish().openapi({ description: expiresInText }),
    inputs: z.array(z.unknown()).optional().openapi({ description: 'Inputs without an id.' }),
    items: z
      .array(z.unknown())
      .optional()
      .openapi({ description: 'The lines: objects with `input` and, if wanted, `custom_id`.' }),
  })
  .refine(hasVersion, { path: ['model'], error: 'give model or version' })
  .refine(({ inputs, items }) => (inputs === undefined) !== (items === undefined), {
    path: ['items'],
    error: 'give either items or inputs',
  })
  .openapi('CreateBatch')

const count = z.int().min(0)

export const batchSchema = z
  .strictObject({
    id: z.string(),
    model: z.string(),
    version: z.string(),
    version_label: z.string(),
    status: z.enum(batchStatuses),
    request_counts: z
      .strictObject({ total: count, completed: count, failed: count })
      .openapi({ description: 'Lines: all, with a result so far, and with an error so far.' }),
    error: z.string().optional(),
    error_code: z.enum(stopReasons).optional(),
    metadata: z.record(z.string(), z.string()).nullable(),
    data_removed: z.boolean(),
    created_at: time,
    expires_at: time,
    started_at: time.optional(),
    cancelling_at: time.optional(),
    completed_at: time.optional().openapi({ description: 'When it ended, however it did.' }),
    webhook: z.string().optional(),
    urls: z.strictObject({
      get: z.url(),
      cancel: z.url(),
      results: z.url(),
      errors: z.url(),
      stream: z.url(),
    }),
  })
  .openapi('Batch')

export const batchPageSchema = pageOf(batchSchema).openapi('BatchPage')
