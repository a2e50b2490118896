import { modelTag } from '@augur/core/ids'
import type { CatalogueVersion } from '@augur/core/models/catalogue'
import { auditVersion } from '@augur/core/reconciler/audit'
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { allow } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'
import { answer, refusals } from '../documentation.js'
import { jsonResponse } from '../json-response.js'
import { accountingPageSchema, type WireAccount } from './schemas.js'

const listPath = createRoute({
  method: 'get',
  path: '/accounting',
  summary: 'Compare what was accepted with what is open or ended, version by version',
  description: 'Counters against a recount of the open index, of records and of jobs, made for this answer.',
  responses: { 200: answer('All versions, newest first.', accountingPageSchema), ...refusals() },
})

async function account(context: ApiContext, { id, model, label }: CatalogueVersion): Promise<WireAccount> {
  const audit = await auditVersion(context, modelTag(model), { model, version: id })
  return {
    model,
    version: id,
    label,
    accepted: audit.accepted,
    open: audit.open,
    terminal: audit.terminal,
    gap: audit.gap,
    open_without_record: audit.openWithoutRecord,
    open_without_job: audit.openWithoutJob,
  }
}

export function accountingRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  routes.openapi(listPath, async (c) => {
    allow(c, 'admin')
    const results: WireAccount[] = []
    // One after the other: each looks at every open prediction of its version.
    for (const version of currentCatalogue(context).all) results.push(await account(context, version))
    return jsonResponse(c, JSON.stringify({ next: null, previous: null, results }))
  })
  return routes
}
