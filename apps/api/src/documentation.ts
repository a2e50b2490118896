import type { ErrorCode } from '@augur/core/errors'
import type { RouteConfig, z } from '@hono/zod-openapi'
import { problemMediaType, problems, problemSchema } from './problem.js'

type ResponseConfig = Exclude<RouteConfig['responses'][string], { $ref: string }>

/** A JSON answer. */
export function answer(description: string, schema: z.ZodType): ResponseConfig {
  return { description, content: { 'application/json': { schema } } }
}

const general: readonly ErrorCode[] = [
  'unauthenticated',
  'forbidden',
  'not_acceptable',
  'rate_limited',
  'internal',
  'unavailable',
]

/** The refusals of a route, and those that any route can give. */
export function refusals(...codes: ErrorCode[]): Record<string, ResponseConfig> {
  const content = { [problemMediaType]: { schema: problemSchema } }
  const byStatus: Record<string, ResponseConfig> = {}
  for (const code of new Set([...codes, ...general])) {
    const { status } = problems[code]
    const others = byStatus[status]?.description
    byStatus[status] = { description: others === undefined ? code : `${others}, ${code}`, content }
  }
  return byStatus
}
