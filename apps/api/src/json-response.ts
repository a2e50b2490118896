import type { JsonText } from '@augur/core/predictions/prediction'
import type { Context } from 'hono'
import type { ApiEnv } from './api-app.js'

/** What every answer has that is no page: a browser must not take it for one, nor keep it. */
export const guards = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
}

/** What an answer tells of its request: the id, and where requests are limited, how many more there may be. */
export function requestHeaders(c: Context<ApiEnv>): Record<string, string> {
  return { 'x-request-id': c.get('requestId'), ...c.get('rateLimit') }
}

/** Answers that there is nothing more to say. */
export function noContent(c: Context<ApiEnv>, headers: Record<string, string> = {}): Response {
  return new Response(null, { status: 204, headers: { ...requestHeaders(c), ...guards, ...headers } })
}

/** Beyond this an answer is written in chunks: only so can be seen how fast its reader takes it. */
export const largeBytes = 1024 * 1024
const chunkBytes = 64 * 1024

/** What every JSON answer has, and `headers`. */
export function jsonHeaders(c: Context<ApiEnv>, headers: Record<string, string>): Record<string, string> {
  return { 'content-type': 'application/json', ...requestHeaders(c), ...guards, ...headers }
}

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
  const fields = jsonHeaders(c, headers)
  if (text.length < largeBytes) return new Response(text, { status, headers: fields })
  const bytes = Buffer.from(text)
  const length = { 'content-length': String(bytes.length) }
  return new Response(ReadableStream.from(chunksOf(bytes)), { status, headers: { ...fields, ...length } })
}

export function* chunksOf(bytes: Buffer): Generator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}
