import { checkWebhookUrl } from '@augur/core/predictions/submit-prediction'
import { ServiceError } from '@augur/core/errors'
import type { AuditedAction } from '@augur/core/access/audit-log'
import { sendTestEvent } from '@augur/core/webhooks/send-test-event'
import { newSecretId } from '@augur/core/webhooks/signing-secrets'
import type { KnownSecret } from '@augur/core/webhooks/webhook-secrets'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type ApiEnv, createRoutes, validBody } from '../api-app.js'
import { allow, asCaller } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { answer, refusals } from '../documentation.js'
import { idempotencyKeyHeader, idempotencyRefusals } from '../idempotency-documentation.js'
import { idempotencyOf } from '../idempotency-key.js'
import { jsonResponse, noContent } from '../json-response.js'
import { needs } from '../middleware/needs.js'
import { parseJson, readBody } from '../middleware/read-body.js'
import { recordAudit } from '../record-audit.js'
import { deliverySchema, testWebhookBody } from './delivery-schemas.js'
import { presentDelivery } from './present-delivery.js'
import { webhookSecretSchema } from './schemas.js'
import {
  knownSecretSchema,
  rotateSecretBody,
  secretListSchema,
  type WireKnownSecret,
  type WireSecret,
} from './webhook-schemas.js'

const json = 'application/json'
const mostBytes = 16 * 1024
/** An attempt takes 15 s at most. */
const longestTestMs = 20_000
const ofBody = ['invalid_json', 'invalid_input', 'payload_too_large', 'unsupported_media_type'] as const

const secretPath = createRoute({
  method: 'get',
  path: '/webhooks/default/secret',
  summary: 'Get the newest secret that webhooks are signed with',
  responses: { 200: answer('The secret.', webhookSecretSchema), ...refusals() },
})

const listPath = createRoute({
  method: 'get',
  path: '/webhooks/secrets',
  summary: 'List the secrets that webhooks are signed with, newest first',
  responses: { 200: answer('All that sign now.', secretListSchema), ...refusals() },
})

const createPath = createRoute({
  method: 'post',
  path: '/webhooks/secrets',
  summary: 'Create a secret that signs beside the others',
  parameters: [idempotencyKeyHeader],
  responses: {
    201: answer('The secret.', knownSecretSchema),
    ...refusals('secret_needed', ...idempotencyRefusals),
  },
})

const rotatePath = createRoute({
  method: 'post',
  path: '/webhooks/secrets/rotate',
  summary: 'Create a secret in place of all others, which sign for a while still',
  request: { body: { required: false, content: { [json]: { schema: rotateSecretBody } } } },
  parameters: [idempotencyKeyHeader],
  responses: {
    201: answer('The secret.', knownSecretSchema),
    ...refusals(...ofBody, 'secret_needed', ...idempotencyRefusals),
  },
})

const expirePath = createRoute({
  method: 'delete',
  path: '/webhooks/secrets/{secret}',
  summary: 'Let a secret sign no more, everywhere within seconds',
  request: { params: z.object({ secret: z.string() }) },
  responses: { 204: { description: 'It signs no more.' }, ...refusals('not_found', 'secret_needed') },
})

const testPath = createRoute({
  method: 'post',
  path: '/webhooks/test',
  summary: 'Have a worker send a test event, and get what came of it',
  description: 'One attempt, which is waited for; `pending` where no worker makes deliveries.',
  request: { body: { required: false, content: { [json]: { schema: testWebhookBody } } } },
  responses: {
    200: answer('The delivery.', deliverySchema),
    ...refusals(...ofBody, 'not_found', 'url_not_allowed'),
  },
})

function presentSecret({ id, createdAt, expiresAt }: KnownSecret): WireSecret {
  return {
    id,
    created_at: createdAt === 0 ? null : new Date(createdAt).toISOString(),
    expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString(),
  }
}

/**
 * Answers with the secret that `make` gives, or with the one that an earlier request with the same `Idempotency-Key` made.
 * Its text must not stay anywhere on its way.
 */
async function answerMade(
  { webhookSecrets, idempotency, now }: ApiContext,
  c: Context<ApiEnv>,
  sent: string,
  make: (id: string) => Promise<KnownSecret>,
): Promise<Response> {
  const { tenant } = c.get('caller')
  const named = idempotencyOf(c, () => sent)
  const id = newSecretId()
  const { value: secret, replayed } =
    named === null
      ? { value: await make(id), replayed: false }
      : await idempotency.once<KnownSecret>({ tenant, ...named }, id, now(), {
          create: make,
          existing: (fixed) => webhookSecrets.read(tenant, fixed, now()),
        })
  const known: WireKnownSecret = { ...presentSecret(secret), key: secret.key }
  return jsonResponse(c, JSON.stringify(known), 201, {
    'cache-control': 'no-store',
    ...(replayed && { 'idempotency-replayed': 'true' }),
  })
}

export function webhookRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  const { webhookSecrets, now } = context
  const read = readBody({ ...context.jsonLimits, maxBytes: mostBytes, accept: [json], isOptional: true })
  for (const path of [rotatePath, testPath]) routes.openAPIRegistry.registerPath(path)

  /** The caller's tenant, once the audit log has a line about what is to be done: no change may go without one. */
  const changing = async (c: Context<ApiEnv>, action: AuditedAction) => {
    const { tenant } = asCaller(context, c, 'webhooks')
    await recordAudit(context, c, { action, target: tenant })
    return tenant
  }

  routes.openapi(secretPath, async (c) => {
    const { tenant } = asCaller(context, c, 'webhooks')
    const [key] = await webhookSecrets.active(tenant, now())
    return jsonResponse(c, JSON.stringify({ key }))
  })

  routes.openapi(listPath, async (c) => {
    const { tenant } = asCaller(context, c, 'webhooks')
    const results = (await webhookSecrets.list(tenant, now())).map(presentSecret)
    return jsonResponse(c, JSON.stringify({ results }))
  })

  routes.openapi(createPath, async (c) => {
    allow(c, 'webhooks')
    return answerMade(context, c, '', async (id) => {
      const tenant = await changing(c, 'webhook_secret.create')
      return webhookSecrets.create(tenant, now(), id)
    })
  })

  routes.post(rotatePath.path, needs('webhooks'), read, async (c) => {
    const text = await c.req.text()
    const { grace_seconds: seconds } = validBody(rotateSecretBody, text === '' ? {} : parseJson(text))
    return answerMade(context, c, text, async (id) => {
      const tenant = await changing(c, 'webhook_secret.rotate')
      return webhookSecrets.rotate(tenant, seconds * 1000, now(), id)
    })
  })

  routes.openapi(expirePath, async (c) => {
    const { secret } = c.req.valid('param')
    await webhookSecrets.remove(await changing(c, 'webhook_secret.expire'), secret, now())
    return noContent(c)
  })

  routes.post(testPath.path, needs('webhooks'), read, async (c) => {
    const own = asCaller(context, c, 'webhooks')
    const text = await c.req.text()
    const { webhook } = validBody(testWebhookBody, text === '' ? {} : parseJson(text))
    const url = webhook ?? c.get('caller').webhook?.url
    if (url === undefined) throw new ServiceError('not_found', 'The key has no webhook: name one.')
    checkWebhookUrl(context.outbound, url)
    return jsonResponse(c, JSON.stringify(presentDelivery(await sendTestEvent(own, url, longestTestMs))))
  })
  return routes
}
