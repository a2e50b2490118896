import type { OpenAPIHono, RouteConfig } from '@hono/zod-openapi'
import type { ApiEnv } from '../api-app.js'
import { refusals } from '../documentation.js'

const json = 'application/json'
const html = 'text/html'

const operations = [
  { path: '/', summary: 'Greet; a browser is shown the playground', type: json, others: {} },
  { path: '/livez', summary: 'See whether the process answers', type: json, others: {} },
  {
    path: '/readyz',
    summary: 'See whether predictions sent now are served',
    type: json,
    others: refusals('no_worker', 'unavailable'),
  },
  { path: '/metrics', summary: 'Read metrics, as Prometheus does', type: 'text/plain', others: refusals() },
  { path: '/openapi.json', summary: 'Read this description', type: json, others: {} },
  { path: '/docs', summary: 'Show this description to people', type: html, others: {} },
  { path: '/docs/errors', summary: 'Show what problems mean', type: html, others: {} },
]

/** What runs the server has no schemas: its routes are described here. */
export function describeOperations({ openAPIRegistry }: OpenAPIHono<ApiEnv>): void {
  for (const { path, summary, type, others } of operations) {
    const responses: RouteConfig['responses'] = {
      200: { description: summary, content: { [type]: { schema: {} } } },
      ...others,
    }
    openAPIRegistry.registerPath({ method: 'get', path, summary, responses })
  }
}
