import type { CatalogueVersion } from '@augur/core/models/catalogue'
import { isTerminal } from '@augur/core/predictions/prediction'
import { submitPrediction } from '@augur/core/predictions/submit-prediction'
import { defaultWebhookEvents } from '@augur/core/webhooks/webhook-events'
import type { Context } from 'hono'
import type { ApiEnv } from '../api-app.js'
import { asCaller } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { jsonResponse } from '../json-response.js'
import { holdCreated } from '../hold.js'
import { idempotencyOf } from './idempotency-key.js'
import { parsePrefer } from './prefer-header.js'
import { baseUrlOf, presentPrediction, presentUnfinished } from './present.js'
import type { CreateBody } from './schemas.js'

function webhookOf({ webhook, webhook_events_filter: filter, webhook_completed: completed }: CreateBody) {
  if (webhook != null) return { webhook, webhookEvents: filter ?? defaultWebhookEvents }
  return { webhook: completed ?? null, webhookEvents: ['completed'] as const }
}

/** Creates a prediction of `version` and answers 201, or 202 when the caller wanted to wait and the time ran out. */
export async function answerCreate(
  api: ApiContext,
  c: Context<ApiEnv>,
  version: CatalogueVersion,
  body: CreateBody,
): Promise<Response> {
  const context = asCaller(api, c, 'predict')
  const hold = parsePrefer(c.req.header('prefer'), context.settings.AUGUR_MAX_WAIT_SECONDS)
  const { prediction, queuePosition, replayed } = await submitPrediction(context, {
    version,
    input: body.input,
    class: hold === null ? 'submission' : 'waiting',
    form: 'pipeline',
    ...webhookOf(body),
    idempotency: idempotencyOf(c, await c.req.text()),
  })
  const baseUrl = baseUrlOf(context, c)
  const headers = {
    location: `${baseUrl}/predictions/${prediction.id}`,
    ...(replayed && { 'idempotency-replayed': 'true' }),
    ...(hold && { 'preference-applied': hold.applied }),
  }
  if (hold === null) {
    return jsonResponse(c, await presentPrediction(context, prediction, baseUrl, queuePosition), 201, headers)
  }
  const held = await holdCreated(context, c, prediction, hold.seconds)
  const text = await presentUnfinished(context, held, baseUrl)
  return jsonResponse(c, text, isTerminal(held.status) ? 201 : 202, headers)
}
