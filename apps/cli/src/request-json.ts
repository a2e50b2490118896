import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { request as requestTls } from 'node:https'
import { text } from 'node:stream/consumers'

export interface JsonRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  headers?: Record<string, string>
  /** Sent as JSON. */
  body?: unknown
  signal: AbortSignal
}

export interface JsonAnswer {
  status: number
  headers: IncomingHttpHeaders
  body: unknown
}

/** One exchange with the API. An answer of any status is returned, null for an empty one; one that is not JSON is an error. */
export async function requestJson(url: string, options: JsonRequest): Promise<JsonAnswer> {
  const { method = 'GET', headers = {}, body, signal } = options
  const sent = (url.startsWith('https:') ? requestTls : request)(url, {
    method,
    signal,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
  })
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve)
    sent.once('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
  const content = await text(response)
  const parsed: unknown = content === '' ? null : JSON.parse(content)
  return { status: response.statusCode ?? 0, headers: response.headers, body: parsed }
}
