import type { JsonText } from '@augur/core/predictions/prediction'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** Answers with text that is JSON already. */
export function jsonResponse(
  c: Context,
  text: JsonText,
  status: ContentfulStatusCode = 200,
  headers: Record<string, string> = {},
): Response {
  return c.body(text, status, { 'content-type': 'application/json', ...headers })
}
