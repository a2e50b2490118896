import type { JsonText } from '@augur/core/predictions/prediction'
import type { Context } from 'hono'
import type { ApiEnv } from './api-app.js'

/**
 * Answers with text that is JSON already. Built here and not by the context, which would make a Headers object of
 * what the server writes out as it stands.
 */
export function jsonResponse(
  c: Context<ApiEnv>,
  text: JsonText,
  status = 200,
  headers: Record<string, string> = {},
): Response {
  return new Response(text, {
    status,
    headers: { 'content-type': 'application/json', 'x-request-id': c.get('requestId'), ...headers },
  })
}
