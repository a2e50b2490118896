import { isKeyNeeded } from '@augur/core/access/is-key-needed'
import { versionNumber } from '@augur/core/version-number'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { type Context, Hono } from 'hono'
import type { ApiEnv } from '../api-app.js'
import type { ApiContext } from '../context.js'
import { jsonResponse } from '../json-response.js'
import { contentSecurityPolicy, errorsHtml, referenceHtml, startScript } from './reference-page.js'

type Document = ReturnType<OpenAPIHono<ApiEnv>['getOpenAPI31Document']>

/** OpenAPI has the method QUERY from 3.2 on; in 3.1, which more tools read, it is an extension. */
function extendByQuery({ paths = {}, ...document }: Document): Document {
  const renamed = Object.entries(paths).map(([path, item]) => {
    const operations = Object.entries(item).map(([method, operation]: [string, unknown]) => [
      method === 'query' ? 'x-query' : method,
      operation,
    ])
    return [path, Object.fromEntries(operations)]
  })
  return { ...document, paths: Object.fromEntries(renamed) }
}

function describeApi(app: OpenAPIHono<ApiEnv>, hasKey: boolean): string {
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', { type: 'http', scheme: 'bearer' })
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Augur', version: versionNumber, description: 'Queue-backed predictions of ONNX models.' },
    ...(hasKey && { security: [{ apiKey: [] }] }),
  })
  return JSON.stringify(extendByQuery(document))
}

const html = (c: Context, text: string) =>
  c.body(text, 200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  })

const asset = (c: Context, content: string | Uint8Array<ArrayBuffer>, type: string) =>
  c.body(content, 200, {
    'content-type': `${type}; charset=utf-8`,
    'cache-control': 'private, max-age=3600',
    'x-content-type-options': 'nosniff',
  })

/** `/openapi.json` from the schemas that validate, and the pages that show it. `wholeApp` is asked at the first request. */
export function openApiRoutes(context: ApiContext, wholeApp: () => OpenAPIHono<ApiEnv>): Hono<ApiEnv> {
  const { script, style } = context.referencePage
  const routes = new Hono<ApiEnv>()
  let description: string | undefined
  routes.get('/openapi.json', (c) => {
    description ??= describeApi(wholeApp(), isKeyNeeded(context.settings))
    return jsonResponse(c, description)
  })
  routes.get('/docs', (c) => html(c, referenceHtml))
  routes.get('/docs/errors', (c) => html(c, errorsHtml))
  routes.get('/docs/start.js', (c) => asset(c, startScript, 'text/javascript'))
  routes.get('/docs/swagger-ui.js', (c) => asset(c, script, 'text/javascript'))
  routes.get('/docs/swagger-ui.css', (c) => asset(c, style, 'text/css'))
  return routes
}
