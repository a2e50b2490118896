import { ServiceError } from '@augur/core/errors'
import type { Catalogue } from '@augur/core/models/catalogue'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { allow } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'
import { answer, refusals } from '../documentation.js'
import { guards, jsonResponse, requestHeaders } from '../json-response.js'
import { emptyPageSchema } from './schemas.js'

const byModel = z.object({ owner: z.string(), name: z.string() })

const examplesPath = createRoute({
  method: 'get',
  path: '/models/{owner}/{name}/examples',
  summary:
    'List example predictions of a model: none is kept, the example input is in the schema of a version',
  request: { params: byModel },
  responses: { 200: answer('Always empty.', emptyPageSchema), ...refusals('not_found') },
})

const readmePath = createRoute({
  method: 'get',
  path: '/models/{owner}/{name}/readme',
  summary: 'Get what a model is, as Markdown: its name, and the description of its stable version',
  request: { params: byModel },
  responses: {
    200: { description: 'The text.', content: { 'text/plain': { schema: z.string() } } },
    ...refusals('not_found'),
  },
})

/** @throws ServiceError `not_found` */
function known(catalogue: Catalogue, { owner, name }: z.infer<typeof byModel>): string {
  const model = `${owner}/${name}`
  if (catalogue.models().includes(model)) return model
  throw new ServiceError('not_found', 'There is no such model.')
}

/** What newer clients of the contract ask of a model beside the model itself. */
export function aboutModelRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()

  routes.openapi(examplesPath, (c) => {
    allow(c, 'read')
    known(currentCatalogue(context), c.req.valid('param'))
    return jsonResponse(c, JSON.stringify({ next: null, previous: null, results: [] }))
  })

  routes.openapi(readmePath, (c) => {
    allow(c, 'read', ['text/plain'])
    const catalogue = currentCatalogue(context)
    const model = known(catalogue, c.req.valid('param'))
    const text = `# ${model}\n\n${catalogue.stable(model)?.manifest.description ?? ''}\n`
    return c.text(text, 200, { ...guards, ...requestHeaders(c) })
  })

  return routes
}
