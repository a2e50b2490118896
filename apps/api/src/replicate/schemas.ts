import { waitingReasons } from '@augur/core/predictions/explain-waiting'
import { predictionErrorCodes, predictionStatuses } from '@augur/core/predictions/prediction'
import { versionStates } from '@augur/core/models/presence'
import { arms } from '@augur/core/rollouts/rollout'
import { voidReasons } from '@augur/core/verification/verification-state'
import { webhookEvents } from '@augur/core/webhooks/webhook-events'
import { z } from '@hono/zod-openapi'

const input = z.record(z.string(), z.unknown())
export const priorities = ['high', 'normal', 'low'] as const
const time = z.iso.datetime()

const longestSeconds = 7 * 24 * 3600
export const metadataSchema = z
  .record(z.string().min(1).max(64), z.string().max(500))
  .refine((words) => Object.keys(words).length <= 16, 'must have 16 keys at most')

/** On which terms a prediction is created. */
const termFields = {
  expires_in: z
    .number()
    .min(0.1)
    .max(longestSeconds)
    .nullish()
    .openapi({ description: 'Seconds in which it must begin to run, or it is canceled as `expired`.' }),
  timeout: z
    .number()
    .min(0.1)
    .max(longestSeconds)
    .nullish()
    .openapi({ description: 'Seconds that it may run, where its version allows more.' }),
  priority: z.enum(priorities).nullish().openapi({
    description: 'Which are served first; `high` by default while the caller waits, else `normal`.',
  }),
  metadata: metadataSchema.nullish().openapi({
    description: 'Words of the caller, echoed: up to 16 keys of 64 characters, with values of 500.',
  }),
}

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
  ...termFields,
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

export const replayBody = z
  .strictObject({
    version: z.string().max(300).openapi({
      description:
        'A version id, `owner/name`, `owner/name:version`, or a label: of the same model, or one that only one model has.',
    }),
    webhook: createFields.webhook,
    webhook_events_filter: createFields.webhook_events_filter,
  })
  .openapi('ReplayPrediction')

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

const milliseconds = z.number().min(0)
const provenance = z
  .strictObject({
    attempt: z.int().min(1).openapi({ description: 'Which claim by a worker this was.' }),
    queue_ms: milliseconds.openapi({ description: 'From the creation to that claim.' }),
    runtime: z
      .string()
      .optional()
      .openapi({ examples: ['onnxruntime-node 1.30.0'] }),
    provider: z.string().optional().openapi({ description: 'The execution provider that computed it.' }),
    worker: z.string(),
    micro_batch_size: z.int().min(1).optional().openapi({ description: 'Predictions that ran together.' }),
    preprocess_ms: milliseconds.optional(),
    run_ms: milliseconds.optional(),
    postprocess_ms: milliseconds.optional(),
  })
  .openapi({ description: 'How it came about, once it ended. Times are those of the whole micro-batch.' })

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
    expires_at: time.optional().openapi({ description: 'By when it must begin to run.' }),
    deadline: time.optional().openapi({ description: 'By when it must end.' }),
    metadata: z.record(z.string(), z.string()).optional(),
    rollout: z
      .strictObject({ trial: z.string(), arm: z.enum(arms) })
      .optional()
      .openapi({ description: 'The part it takes in a split of its model.' }),
    feedback: z
      .strictObject({ label: z.string().optional(), score: z.number().optional() })
      .optional()
      .openapi({ description: 'What somebody said was right for it.' }),
    deployment: z.string().optional().openapi({ description: 'The deployment by which it was asked for.' }),
    retried_from: z.string().optional().openapi({ description: 'The prediction whose input it has.' }),
    metrics: z
      .strictObject({ predict_time: z.number().optional(), total_time: z.number() })
      .optional()
      .openapi({ description: 'Seconds.' }),
    provenance: provenance.optional(),
    queue_position: z.int().min(0).nullish(),
    estimated_start: time
      .nullish()
      .openapi({ description: 'By how fast the version ran lately; null when nothing tells.' }),
    waiting_reason: z.enum(waitingReasons).optional(),
    webhook: z.string().optional(),
    webhook_events_filter: z.array(z.enum(webhookEvents)).optional(),
    urls: z.strictObject({ get: z.url(), cancel: z.url(), web: z.url(), stream: z.url() }),
  })
  .openapi('Prediction')

export const pageOf = <T extends z.ZodType>(item: T) =>
  z.strictObject({ next: z.url().nullable(), previous: z.null(), results: z.array(item) })

export const predictionPageSchema = pageOf(predictionSchema).openapi('PredictionPage')

const progressSchema = z
  .strictObject({ done_bytes: z.int().min(0), total_bytes: z.int().min(0).nullable() })
  .openapi({ description: 'How much of its files is there, while they are fetched.' })

export const versionSchema = z
  .strictObject({
    id: z.string(),
    label: z.string(),
    created_at: time,
    cog_version: z.string(),
    state: z.enum([...versionStates, 'unserved']),
    state_code: z.string().optional().openapi({
      description: 'Why it is not ready, from a closed list; with the states that have a reason.',
    }),
    state_reason: z.string().optional().openapi({ description: 'The same for people.' }),
    progress: progressSchema.optional(),
    verification: z
      .strictObject({
        state: z.enum(['passed', 'failed', 'void', 'missing']),
        verified_at: time.optional(),
        broken_rules: z.array(z.string()).optional(),
        reason: z.enum(voidReasons).optional(),
      })
      .optional()
      .openapi({
        description:
          'How it compares with its baseline; a version that is missing, void or failed takes no live traffic.',
      }),
    openapi_schema: z.record(z.string(), z.unknown()),
  })
  .openapi('Version')
export type WireVersion = z.infer<typeof versionSchema>

export const versionPageSchema = pageOf(versionSchema).openapi('VersionPage')

const loadingSchema = z
  .strictObject({ label: z.string(), version: z.string(), progress: progressSchema.optional() })
  .openapi('LoadingVersion')

const modelProblemSchema = z
  .strictObject({
    label: z.string(),
    version: z.string().nullable().openapi({ description: 'Null where the manifest is at fault.' }),
    state: z.enum(['load_failed', 'crash_looping']),
    code: z.string(),
    reason: z.string(),
    file: z.string().optional(),
    field: z.string().optional(),
  })
  .openapi('ModelProblem')

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
    state: z
      .enum([...versionStates, 'unserved'])
      .openapi({ description: 'That of the latest version, or of the first one while it is loaded.' }),
    loading: z.array(loadingSchema).openapi({ description: 'Versions on their way to ready.' }),
    problems: z.array(modelProblemSchema).openapi({ description: 'What is not served, and why.' }),
    latest_version: versionSchema.nullable(),
    created_at: time.optional(),
  })
  .openapi('Model')
export type WireModel = z.infer<typeof modelSchema>

export const modelPageSchema = pageOf(modelSchema).openapi('ModelPage')

export const searchSchema = z
  .strictObject({
    query: z.string(),
    models: z.array(z.strictObject({ model: modelSchema })),
    collections: z.array(z.unknown()).length(0),
    pages: z.array(z.unknown()).length(0),
  })
  .openapi('SearchResults')

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

export const accountSchema = z
  .strictObject({ type: z.literal('organization'), username: z.string(), name: z.string() })
  .openapi('Account')

export const hardwareSchema = z
  .array(z.strictObject({ sku: z.string(), name: z.string() }))
  .openapi('Hardware')

export const deploymentSchema = z
  .strictObject({
    owner: z.string(),
    name: z.string(),
    current_release: z.strictObject({
      number: z.int().min(1).openapi({ description: 'The revision of the rollout.' }),
      model: z.string(),
      version: z.string().openapi({ description: 'The stable version.' }),
      created_at: time,
      created_by: z.strictObject({ type: z.literal('organization'), username: z.string(), name: z.string() }),
      configuration: z.strictObject({
        hardware: z.literal('workers'),
        min_instances: z.int().min(0),
        max_instances: z.int().min(0).openapi({ description: 'Workers that know the version now.' }),
      }),
    }),
  })
  .openapi('Deployment')
export type WireDeployment = z.infer<typeof deploymentSchema>

export const deploymentPageSchema = pageOf(deploymentSchema).openapi('DeploymentPage')

export const emptyPageSchema = z
  .strictObject({ next: z.null(), previous: z.null(), results: z.array(z.unknown()).length(0) })
  .openapi('EmptyPage')
