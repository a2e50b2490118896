import type { GuardedAgent } from '../outbound/guarded-agent.js'
import { type PostResult, post } from '../outbound/guarded-request.js'
import type { FailureCode } from '../outbound/request-failure.js'
import { versionNumber } from '../version-number.js'
import { signWebhook } from './sign-webhook.js'

export interface Webhook {
  /** The `webhook-id`, the same over all attempts. */
  id: string
  url: string
  body: string | Uint8Array
  contentType: string
  /** Of the attempt, where that is traced. */
  traceparent?: string | undefined
}

interface SendOptions {
  agent: GuardedAgent
  secrets: readonly string[]
  /** Milliseconds since 1970. */
  now: () => number
  timeoutMs?: number
}

/**
 * What became of one attempt: `delivered` (2xx), `gone` (410, the receiver wants no more), `refused` (any other
 * answer; redirects are not followed) or `failed` (no complete answer).
 */
export type WebhookOutcome =
  | { kind: 'delivered'; status: number; durationMs: number; bodyExcerpt: string }
  | { kind: 'gone'; status: 410; durationMs: number; bodyExcerpt: string }
  | {
      kind: 'refused'
      status: number
      reason: 'redirect' | 'status'
      /** The header as it came, with 429 and 503 only. */
      retryAfter?: string
      durationMs: number
      bodyExcerpt: string
    }
  | { kind: 'failed'; reason: FailureCode; message: string; durationMs: number }

type Answer = Extract<PostResult, { kind: 'response' }>

const userAgent = `Augur/${versionNumber}`

function judge({ status, headers, bodyExcerpt, durationMs }: Answer): WebhookOutcome {
  if (status >= 200 && status < 300) return { kind: 'delivered', status, durationMs, bodyExcerpt }
  if (status === 410) return { kind: 'gone', status, durationMs, bodyExcerpt }
  const reason = status >= 300 && status < 400 ? 'redirect' : 'status'
  const retryAfter = status === 429 || status === 503 ? headers['retry-after'] : undefined
  return { kind: 'refused', status, reason, ...(retryAfter && { retryAfter }), durationMs, bodyExcerpt }
}

/**
 * Makes one attempt to deliver a webhook, stamped and signed anew.
 * @throws RangeError when the id or a secret is malformed.
 */
export async function sendWebhook(options: SendOptions, webhook: Webhook): Promise<WebhookOutcome> {
  const { agent, secrets, now, timeoutMs } = options
  const { id, url, body, contentType, traceparent } = webhook
  const signed = signWebhook({ id, timestampSeconds: now() / 1000, body, secrets })
  const traced = traceparent === undefined ? undefined : { traceparent }
  const headers = { 'content-type': contentType, 'user-agent': userAgent, ...signed, ...traced }
  const result = await post(agent, { url, headers, body, ...(timeoutMs !== undefined && { timeoutMs }) })
  if (result.kind === 'response') return judge(result)
  return { kind: 'failed', reason: result.code, message: result.message, durationMs: result.durationMs }
}
