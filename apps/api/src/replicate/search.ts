import { ServiceError } from '@augur/core/errors'
import type { Catalogue } from '@augur/core/models/catalogue'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { allow } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'
import { answer, refusals } from '../documentation.js'
import { jsonResponse } from '../json-response.js'
import { needs } from '../middleware/needs.js'
import { readBody } from '../middleware/read-body.js'
import { modelsOf, presentModels } from './models.js'
import { baseUrlOf } from './present.js'
import { modelPageSchema, searchSchema } from './schemas.js'

const maxQueryBytes = 4096

/** Clients send the bare text, or the text as JSON. @throws ServiceError `invalid_request` for JSON that is no text */
export function searchText(body: string): string {
  if (!body.startsWith('"')) return body
  try {
    return String(JSON.parse(body))
  } catch (cause) {
    throw new ServiceError('invalid_request', 'The text begins like JSON and is none.', { cause })
  }
}

const wordsOf = (text: string) => text.toLowerCase().split(/\s+/).filter(Boolean)

/** Models whose name or description has every word of the text; those whose name has them all come first. */
export function searchModels(catalogue: Catalogue, text: string): string[] {
  const words = wordsOf(text)
  const hasAll = (where: string) => words.every((word) => where.toLowerCase().includes(word))
  const described = (model: string) =>
    [model, ...catalogue.versionsOf(model).map(({ manifest }) => manifest.description ?? '')].join('\n')
  const found = catalogue.models().filter((model) => hasAll(described(model)))
  return [...found.filter(hasAll), ...found.filter((model) => !hasAll(model))]
}

const mostFound = 50
const searchPath = createRoute({
  method: 'get',
  path: '/search',
  summary: 'Search models by words of their name or description, in the form of the newer clients',
  request: {
    query: z.object({
      query: z.string().max(maxQueryBytes),
      limit: z.coerce.number().int().min(1).max(mostFound).default(20),
    }),
  },
  responses: { 200: answer('The best of what was found.', searchSchema), ...refusals('invalid_request') },
})

export function searchRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  routes.openAPIRegistry.registerPath({
    method: 'query',
    path: '/models',
    summary: 'Search models by words of their name or description',
    request: {
      body: { required: true, content: { 'text/plain': { schema: { type: 'string' } } } },
    },
    responses: {
      200: answer('What was found, all of it.', modelPageSchema),
      ...refusals('invalid_request', 'invalid_json', 'payload_too_large', 'unsupported_media_type'),
    },
  })
  const read = readBody({
    ...context.jsonLimits,
    maxBytes: maxQueryBytes,
    accept: ['text/plain', 'application/json'],
  })
  routes.on('QUERY', '/models', needs('read'), read, async (c) => {
    const found = searchModels(currentCatalogue(context), searchText(await c.req.text()))
    return jsonResponse(c, await presentModels(context, found, baseUrlOf(context, c)))
  })
  routes.openapi(searchPath, async (c) => {
    allow(c, 'read')
    const { query, limit } = c.req.valid('query')
    const found = searchModels(currentCatalogue(context), query).slice(0, limit)
    const models = (await modelsOf(context, found, baseUrlOf(context, c))).map((model) => ({ model }))
    return jsonResponse(c, JSON.stringify({ query, models, collections: [], pages: [] }))
  })

  return routes
}
