import { predictionErrorCodes, predictionStatuses } from '@augur/core/predictions/prediction'
import { versionStates } from '@augur/core/models/catalogue'
import { webhookEvents } from '@augur/core/webhooks/webhook-events'
import { z } from '@hono/zod-openapi'

const input = z.record(z.string(), z.unknown())
const time = z.iso.datetime()

/** What every create takes, beside its version. */
const createFields = {
  input: input.openapi({ description: 'One input, as the schema of the version wants it.' }),
  webhook: z.string().nullish().openapi({ description: 'Where events are delivered.' }),
  webhook_events_filter: z
    .array(z.enum(webhookEvents))
    .max(16)
    .nullish()
    .openapi({ description: 'Events that are delivered; all of them by default.' }),
  webhook_completed: z
    .string()
    .nullish()
    .openapi({ description: 'Older form of a webhook for `completed`.' }),
  stream: z.boolean().nullish().openapi({ description: 'Accepted for older clients, and without effect.' }),
}

export const createByModelBody = z.strictObject(createFields).openapi('CreatePredictionByModel')
export const createBody = z
  .strictObject({
    version: z.string().max(300).openapi({
      description: 'A version id, `owner/name`, `owner/name:version`, or a label that only one model has.',
    }),
    ...createFields,
  })
  .openapi('CreatePrediction')
export type CreateBody = z.infer<typeof createByModelBody>

export const predictBody = z
  .strictObject({
    model: z.string().max(300).optional(),
    version: z.string().max(300).optional(),
    input: input.optional(),
    input_data: input.optional().openapi({ description: 'Another name for `input`.' }),
  })
  .refine((body) => (body.input === undefined) !== (body.input_data === undefined), {
    path: ['input'],
    error: 'give either input or input_data',
  })
  .openapi('Predict')
export type PredictBody = z.infer<typeof predictBody>

export const predictionSchema = z
  .strictObject({
    id: z.string(),
    model: z.string(),
    version: z.string(),
    version_label: z.string(),
    status: z.enum(predictionStatuses),
    input: input.nullable(),
    output: z.unknown(),
    error: z.string().nullable(),
    error_code: z.enum(predictionErrorCodes).optional(),
    logs: z.string(),
    source: z.literal('api'),
    data_removed: z.boolean(),
    created_at: time,
    started_at: time.optional(),
    completed_at: time.optional(),
    metrics: z
      .strictObject({ predict_time: z.number().optional(), total_time: z.number() })
      .optional()
      .openapi({ description: 'Seconds.' }),
    queue_position: z.int().min(0).nullish(),
    webhook: z.string().optional(),
    webhook_events_filter: z.array(z.enum(webhookEvents)).optional(),
    urls: z.strictObject({ get: z.url(), cancel: z.url(), web: z.url() }),
  })
  .openapi('Prediction')

const pageOf = <T extends z.ZodType>(item: T) =>
  z.strictObject({ next: z.url().nullable(), previous: z.null(), results: z.array(item) })

export const predictionPageSchema = pageOf(predictionSchema).openapi('PredictionPage')

export const versionSchema = z
  .strictObject({
    id: z.string(),
    label: z.string(),
    created_at: time,
    cog_version: z.string(),
    state: z.enum([...versionStates, 'unserved']),
    openapi_schema: z.record(z.string(), z.unknown()),
  })
  .openapi('Version')
export type WireVersion = z.infer<typeof versionSchema>

export const versionPageSchema = pageOf(versionSchema).openapi('VersionPage')

export const modelSchema = z
  .strictObject({
    url: z.url(),
    owner: z.string(),
    name: z.string(),
    description: z.string(),
    visibility: z.literal('private'),
    run_count: z.int().min(0),
    is_official: z.literal(false),
    github_url: z.null(),
    paper_url: z.null(),
    license_url: z.null(),
    cover_image_url: z.null(),
    default_example: z.null(),
    latest_version: versionSchema.nullable(),
    created_at: time,
  })
  .openapi('Model')
export type WireModel = z.infer<typeof modelSchema>

export const modelPageSchema = pageOf(modelSchema).openapi('ModelPage')

export const predictAnswer = z.strictObject({ prediction: predictionSchema }).openapi('PredictAnswer')

export const healthSchema = z
  .strictObject({
    status: z.enum(['ok', 'degraded', 'unavailable']),
    redis: z.enum(['ok', 'unavailable']),
    models: z.array(
      z.strictObject({
        model: z.string(),
        version: z.string(),
        label: z.string(),
        state: z.enum([...versionStates, 'unserved']),
        workers: z.int().min(0).openapi({ description: 'Living workers that know this version.' }),
      }),
    ),
  })
  .openapi('Health')
export type Health = z.infer<typeof healthSchema>

export const webhookSecretSchema = z.strictObject({ key: z.string() }).openapi('WebhookSecret')
