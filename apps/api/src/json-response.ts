import type { JsonText } from '@augur/core/predictions/prediction'
import type { Context } from 'hono'
import type { ApiEnv } from './api-app.js'

/** What every answer has that is no page: a browser must not take it for one, nor keep it. */
export const guards = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
}

/** Beyond this an answer is written in pieces: only so can be seen how fast its reader takes it. */
const pieceBytes = 64 * 1024
const largeCharacters = 1024 * 1024

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
  const fields = {
    'content-type': 'application/json',
    'x-request-id': c.get('requestId'),
    ...guards,
    ...headers,
  }
  if (text.length < largeCharacters) return new Response(text, { status, headers: fields })
  const bytes = Buffer.from(text)
  const length = { 'content-length': String(bytes.length) }
  return new Response(piecesOf(bytes), { status, headers: { ...fields, ...length } })
}

function piecesOf(bytes: Buffer): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close()
      controller.enqueue(bytes.subarray(at, at + pieceBytes))
      at += pieceBytes
    },
  })
}
