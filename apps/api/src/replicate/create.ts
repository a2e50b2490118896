import { type Created, findReplay } from '@augur/core/predictions/create-prediction'
import { type Submission, submitPrediction } from '@augur/core/predictions/submit-prediction'
import type { Assigned } from '@augur/core/rollouts/assign-version'
import { defaultWebhookEvents } from '@augur/core/webhooks/webhook-events'
import type { Context } from 'hono'
import type { ApiEnv } from '../api-app.js'
import { asCaller, type CallerContext } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { answerCreated } from './answer-created.js'
import { idempotencyOf } from '../idempotency-key.js'
import { parsePrefer } from './prefer-header.js'
import type { CreateBody } from './schemas.js'
import { classOf, termsOf } from './terms.js'

type WebhookFields = Pick<CreateBody, 'webhook' | 'webhook_events_filter' | 'webhook_completed'>

/** Where a body wants its events, and which of them; where it says nothing, what its caller's key has for that. */
export function webhookOf(
  c: Context<ApiEnv>,
  { webhook, webhook_events_filter: filter, webhook_completed: completed }: WebhookFields,
) {
  if (webhook != null) return { webhook, webhookEvents: filter ?? defaultWebhookEvents }
  if (completed != null) return { webhook: completed, webhookEvents: ['completed'] as const }
  const byDefault = webhook === null ? null : c.get('caller').webhook
  if (byDefault !== null) return { webhook: byDefault.url, webhookEvents: filter ?? byDefault.events }
  return { webhook: null, webhookEvents: ['completed'] as const }
}

/**
 * Creates a prediction of the version that `choose` gives and answers 201, or 202 when the caller wanted to wait and the
 * time ran out.
 */
export async function answerCreate(
  api: ApiContext,
  c: Context<ApiEnv>,
  body: CreateBody,
  choose: () => Assigned,
  isDeployment = false,
): Promise<Response> {
  const context = asCaller(api, c, 'predict')
  const hold = parsePrefer(c.req.header('prefer'), context.settings.AUGUR_MAX_WAIT_SECONDS)
  if (hold !== null) context.waiting.refuseTooMany(context.tenant)
  const text = await c.req.text()
  const idempotency = idempotencyOf(c, () => text)
  const created =
    (await findReplay(context, idempotency)) ??
    (await submit(context, c, body, choose(), { isWaitedFor: hold !== null, isDeployment, idempotency }))
  return answerCreated(context, c, created, hold)
}

interface Manner extends Pick<Submission, 'idempotency'> {
  isWaitedFor: boolean
  isDeployment: boolean
}

function submit(
  context: CallerContext,
  c: Context<ApiEnv>,
  body: CreateBody,
  { version, trial }: Assigned,
  { isWaitedFor, isDeployment, idempotency }: Manner,
): Promise<Created> {
  const { webhook, webhookEvents } = webhookOf(c, body)
  const { expiresAt, deadlineAt, timeoutMs, metadata } = termsOf(c, version, body, context.now())
  return submitPrediction(context, {
    version,
    trial,
    input: body.input,
    isWaitedFor,
    isDeployment,
    idempotency,
    expiresAt,
    deadlineAt,
    timeoutMs,
    metadata,
    webhook,
    webhookEvents,
    class: classOf(body.priority, isWaitedFor),
    form: 'pipeline',
  })
}
