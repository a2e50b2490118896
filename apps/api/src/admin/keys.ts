import type { ApiKey } from '@augur/core/access/api-key'
import { type CreatedKey, createKey, revokeKey, rotateKey } from '@augur/core/access/manage-keys'
import { scopes } from '@augur/core/access/scopes'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type ApiEnv, createRoutes, validBody } from '../api-app.js'
import type { ApiContext } from '../context.js'
import { answer, refusals } from '../documentation.js'
import { jsonResponse } from '../json-response.js'
import { needs } from '../middleware/needs.js'
import { parseJson, readBody } from '../middleware/read-body.js'
import { senderOf } from '../record-audit.js'
import {
  createdKeySchema,
  keyPageSchema,
  keySchema,
  newKeyBody,
  rotateBody,
  type WireKey,
} from './schemas.js'

const json = 'application/json'
const mostBytes = 16 * 1024
const body = (schema: typeof newKeyBody | typeof rotateBody) => ({
  required: true,
  content: { [json]: { schema } },
})
const ofBody = ['invalid_json', 'payload_too_large', 'unsupported_media_type', 'invalid_input'] as const
const byId = z.object({ id: z.string() })

const createPath = createRoute({
  method: 'post',
  path: '/keys',
  summary: 'Create an API key',
  request: { body: body(newKeyBody) },
  responses: {
    201: answer('The key, whose text is shown this once.', createdKeySchema),
    ...refusals(...ofBody),
  },
})

const listPath = createRoute({
  method: 'get',
  path: '/keys',
  summary: 'List all API keys, oldest first',
  responses: { 200: answer('Every key that was ever made.', keyPageSchema), ...refusals() },
})

const rotatePath = createRoute({
  method: 'post',
  path: '/keys/{id}/rotate',
  summary: 'Create an API key in place of another, which stays good for a while',
  request: { params: byId, body: body(rotateBody) },
  responses: {
    201: answer('The new key, whose text is shown this once.', createdKeySchema),
    ...refusals(...ofBody, 'not_found'),
  },
})

const revokePath = createRoute({
  method: 'post',
  path: '/keys/{id}/revoke',
  summary: 'Revoke an API key, for good and everywhere within seconds',
  request: { params: byId },
  responses: { 200: answer('The key.', keySchema), ...refusals('not_found') },
})

const isoOf = (timeMs: number | null) => (timeMs === null ? null : new Date(timeMs).toISOString())

/** Field by field, so that what is stored beside them stays where it is. */
function presentKey(key: ApiKey): WireKey {
  return {
    id: key.id,
    name: key.name,
    tenant: key.tenant,
    scopes: [...key.scopes],
    created_at: new Date(key.createdAt).toISOString(),
    expires_at: isoOf(key.expiresAt),
    retires_at: isoOf(key.retiresAt),
    revoked_at: isoOf(key.revokedAt),
  }
}

/** The only answer with the text of a key, so nothing on its way may keep it. */
function answerCreated(c: Context<ApiEnv>, { key, text }: CreatedKey): Response {
  const created = JSON.stringify({ ...presentKey(key), key: text })
  return jsonResponse(c, created, 201, { 'cache-control': 'no-store' })
}

export function keyRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  const isAdmin = needs('admin')
  const read = readBody({ maxBytes: mostBytes, accept: [json] })
  const asSender = (c: Context<ApiEnv>) => ({ ...context, by: senderOf(context, c) })
  for (const path of [createPath, listPath, rotatePath, revokePath]) routes.openAPIRegistry.registerPath(path)

  routes.post(createPath.getRoutingPath(), isAdmin, read, async (c) => {
    const wanted = validBody(newKeyBody, parseJson(await c.req.text()))
    const { name, tenant, expires_in_seconds: seconds } = wanted
    const created = await createKey(asSender(c), {
      name,
      tenant,
      scopes: scopes.filter((scope) => wanted.scopes.includes(scope)),
      expiresAt: seconds === undefined || seconds === null ? null : context.now() + seconds * 1000,
    })
    return answerCreated(c, created)
  })

  routes.get(listPath.getRoutingPath(), isAdmin, async (c) => {
    const keys = await context.apiKeys.list()
    return jsonResponse(c, JSON.stringify({ next: null, previous: null, results: keys.map(presentKey) }))
  })

  routes.post(rotatePath.getRoutingPath(), isAdmin, read, async (c) => {
    const { grace_seconds: seconds } = validBody(rotateBody, parseJson(await c.req.text()))
    return answerCreated(c, await rotateKey(asSender(c), c.req.param('id') ?? '', seconds * 1000))
  })

  routes.post(revokePath.getRoutingPath(), isAdmin, async (c) => {
    const key = await revokeKey(asSender(c), c.req.param('id') ?? '')
    return jsonResponse(c, JSON.stringify(presentKey(key)))
  })

  return routes
}
