import { isKeyId } from '@augur/core/access/api-key'
import {
  type CreatedKey,
  createKey,
  makeKeyOnce,
  revokeKey,
  rotateKey,
  updateKey,
} from '@augur/core/access/manage-keys'
import { scopes } from '@augur/core/access/scopes'
import { ServiceError } from '@augur/core/errors'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type ApiEnv, createRoutes, validBody } from '../api-app.js'
import { allow } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { answer, refusals } from '../documentation.js'
import { idempotencyKeyHeader, idempotencyRefusals } from '../idempotency-documentation.js'
import { idempotencyOf } from '../idempotency-key.js'
import { jsonResponse } from '../json-response.js'
import { needs } from '../middleware/needs.js'
import { parseJson, readBody } from '../middleware/read-body.js'
import { originOf } from '../origin-of.js'
import { senderOf } from '../record-audit.js'
import { limitsOf, presentKey, webhookOfKey } from './present-key.js'
import { createdKeySchema, keyPageSchema, keySchema, newKeyBody, rotateBody, updateBody } from './schemas.js'

const json = 'application/json'
const mostBytes = 16 * 1024
const mostPerPage = 100
const body = (schema: typeof newKeyBody | typeof rotateBody | typeof updateBody) => ({
  required: true,
  content: { [json]: { schema } },
})
const ofBody = [
  'invalid_json',
  'payload_too_large',
  'unsupported_media_type',
  'invalid_input',
  'url_not_allowed',
] as const
const replayed = answer(
  'The key that an earlier request with this `Idempotency-Key` made, without its text, which only that one was shown.',
  keySchema,
)
const byId = z.object({ id: z.string() })

const createPath = createRoute({
  method: 'post',
  path: '/keys',
  summary: 'Create an API key',
  parameters: [idempotencyKeyHeader],
  request: { body: body(newKeyBody) },
  responses: {
    200: replayed,
    201: answer('The key, whose text is shown this once.', createdKeySchema),
    ...refusals(...ofBody, ...idempotencyRefusals),
  },
})

const listPath = createRoute({
  method: 'get',
  path: '/keys',
  summary: 'List all API keys, ended ones included, oldest first',
  request: {
    query: z.object({
      cursor: z.string().refine(isKeyId, 'is not one of this server').optional(),
      limit: z.coerce.number().int().min(1).max(mostPerPage).default(mostPerPage),
    }),
  },
  responses: { 200: answer('A page.', keyPageSchema), ...refusals('invalid_request') },
})

const updatePath = createRoute({
  method: 'patch',
  path: '/keys/{id}',
  summary: 'Change the name or the limits of an API key, everywhere within seconds',
  request: { params: byId, body: body(updateBody) },
  responses: { 200: answer('The key.', keySchema), ...refusals(...ofBody, 'not_found') },
})

const rotatePath = createRoute({
  method: 'post',
  path: '/keys/{id}/rotate',
  summary: 'Create an API key in place of another, which stays good for a while',
  parameters: [idempotencyKeyHeader],
  request: { params: byId, body: body(rotateBody) },
  responses: {
    200: replayed,
    201: answer('The new key, whose text is shown this once.', createdKeySchema),
    ...refusals(...ofBody, ...idempotencyRefusals, 'not_found'),
  },
})

const revokePath = createRoute({
  method: 'post',
  path: '/keys/{id}/revoke',
  summary: 'Revoke an API key, for good and everywhere within seconds',
  request: { params: byId },
  responses: { 200: answer('The key.', keySchema), ...refusals('not_found') },
})

/**
 * Answers with the key that `make` gives, or with the one that an earlier request with the same `Idempotency-Key` made.
 * The first is the only answer with the text of a key, so nothing on its way may keep it.
 */
async function answerMade(
  context: ApiContext,
  c: Context<ApiEnv>,
  make: (id: string) => Promise<CreatedKey>,
): Promise<Response> {
  const sent = await c.req.text()
  const named = idempotencyOf(c, () => sent)
  const { tenant } = c.get('caller')
  const request = named === null ? null : { tenant, ...named }
  const { key, text } = await makeKeyOnce({ ...context, by: senderOf(context, c) }, request, make)
  if (text === null) {
    return jsonResponse(c, JSON.stringify(presentKey(key)), 200, { 'idempotency-replayed': 'true' })
  }
  const created = JSON.stringify({ ...presentKey(key), key: text })
  return jsonResponse(c, created, 201, { 'cache-control': 'no-store' })
}

export function keyRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  const isAdmin = needs('admin')
  const read = readBody({ ...context.jsonLimits, maxBytes: mostBytes, accept: [json] })
  const asSender = (c: Context<ApiEnv>) => ({ ...context, by: senderOf(context, c) })
  for (const path of [createPath, updatePath, rotatePath, revokePath])
    routes.openAPIRegistry.registerPath(path)

  routes.post(createPath.getRoutingPath(), isAdmin, read, async (c) => {
    const wanted = validBody(newKeyBody, parseJson(await c.req.text()))
    const { name, tenant, expires_in_seconds: seconds } = wanted
    const key = {
      name,
      tenant,
      scopes: scopes.filter((scope) => wanted.scopes.includes(scope)),
      expiresAt: seconds === undefined || seconds === null ? null : context.now() + seconds * 1000,
      ...limitsOf(wanted),
      ...webhookOfKey(context.outbound, wanted),
    }
    return answerMade(context, c, (id) => createKey(asSender(c), key, id))
  })

  routes.openapi(listPath, async (c) => {
    allow(c, 'admin')
    const { cursor = null, limit } = c.req.valid('query')
    // One more than asked for tells whether there is a next page.
    const found = await context.apiKeys.list(cursor, limit + 1)
    if (found === null) throw new ServiceError('invalid_request', 'cursor is not one of this server')
    const keys = found.slice(0, limit)
    const last = found.length > limit ? keys.at(-1) : undefined
    const root = context.publicUrl ?? originOf(c.req.url)
    const next = last === undefined ? null : `${root}/admin/keys?cursor=${last.id}&limit=${limit}`
    return jsonResponse(c, JSON.stringify({ next, previous: null, results: keys.map(presentKey) }))
  })

  routes.patch(updatePath.getRoutingPath(), isAdmin, read, async (c) => {
    const wanted = validBody(updateBody, parseJson(await c.req.text()))
    const changes = {
      ...(wanted.name !== undefined && { name: wanted.name }),
      ...limitsOf(wanted),
      ...webhookOfKey(context.outbound, wanted),
    }
    const key = await updateKey(asSender(c), c.req.param('id') ?? '', changes)
    return jsonResponse(c, JSON.stringify(presentKey(key)))
  })

  routes.post(rotatePath.getRoutingPath(), isAdmin, read, async (c) => {
    const { grace_seconds: seconds } = validBody(rotateBody, parseJson(await c.req.text()))
    const old = c.req.param('id') ?? ''
    return answerMade(context, c, (id) => rotateKey(asSender(c), old, seconds * 1000, id))
  })

  routes.post(revokePath.getRoutingPath(), isAdmin, async (c) => {
    const key = await revokeKey(asSender(c), c.req.param('id') ?? '')
    return jsonResponse(c, JSON.stringify(presentKey(key)))
  })

  return routes
}
