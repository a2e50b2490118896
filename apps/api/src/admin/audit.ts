import { type AuditEntry, isAuditId } from '@augur/core/access/audit-log'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { allow } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { answer, refusals } from '../documentation.js'
import { jsonResponse } from '../json-response.js'
import { originOf } from '../origin-of.js'
import { auditPageSchema, type WireAuditEntry } from './schemas.js'

const mostPerPage = 100

const listPath = createRoute({
  method: 'get',
  path: '/audit',
  summary: 'List the audit log, newest first',
  request: {
    query: z.object({
      cursor: z.string().refine(isAuditId, 'is not one of this server').optional(),
      limit: z.coerce.number().int().min(1).max(mostPerPage).default(mostPerPage),
    }),
  },
  responses: { 200: answer('A page.', auditPageSchema), ...refusals('invalid_request') },
})

function presentEntry({
  id,
  at,
  action,
  target,
  actor,
  tenant,
  address,
  detail,
}: AuditEntry): WireAuditEntry {
  return { id, at: new Date(at).toISOString(), action, target, actor, tenant, address, detail }
}

export function auditRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  routes.openapi(listPath, async (c) => {
    allow(c, 'admin')
    const { cursor = null, limit } = c.req.valid('query')
    // One more than asked for tells whether there is a next page.
    const found = await context.auditLog.list(cursor, limit + 1)
    const entries = found.slice(0, limit)
    const last = found.length > limit ? entries.at(-1) : undefined
    const root = context.publicUrl ?? originOf(c.req.url)
    const next = last === undefined ? null : `${root}/admin/audit?cursor=${last.id}&limit=${limit}`
    return jsonResponse(c, JSON.stringify({ next, previous: null, results: entries.map(presentEntry) }))
  })
  return routes
}
