import type { ErrorCode } from '@augur/core/errors'
import type { RouteConfig, z } from '@hono/zod-openapi'
import { problemMediaType, problems, problemSchema } from '../problem.js'

type ResponseConfig = Exclude<RouteConfig['responses'][string], { $ref: string }>

/** A JSON answer. */
export function answer(description: string, schema: z.ZodType): ResponseConfig {
  return { description, content: { 'application/json': { schema } } }
}

const general: readonly ErrorCode[] = ['unauthenticated', 'forbidden', 'internal', 'unavailable']

/** The refusals of a route, and those that any route can give. */
export function refusals(...codes: ErrorCode[]): Record<string, ResponseConfig> {
  const content = { [problemMediaType]: { schema: problemSchema } }
  const byStatus: Record<string, ResponseConfig> = {}
  for (const code of [...codes, ...general]) {
    const { status } = problems[code]
    const others = byStatus[status]?.description
    byStatus[status] = { description: others === undefined ? code : `${others}, ${code}`, content }
  }
  return byStatus
}

const header = (name: string, description: string) => ({
  in: 'header' as const,
  name,
  description,
  required: false,
  schema: { type: 'string' as const },
})

/** Headers that a create reads. They are parsed by hand: Hono's validator would copy every header first. */
export const createHeaders = [
  header('Prefer', '`wait` or `wait=<seconds>` holds the request until the prediction ends.'),
  header('Idempotency-Key', 'Repeats of a request with the same key make one prediction; kept for 24 h.'),
]
