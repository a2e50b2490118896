import type { Prediction } from './types.js'

/** What a webhook came as. */
export interface ReceivedWebhook {
  headers: Headers | Readonly<Record<string, string | string[] | undefined>>
  /** As it was received: JSON that was parsed and written anew has other bytes. */
  body: string
}

interface VerifyOptions {
  /** How far the clocks of sender and receiver may differ, 300 by default. */
  toleranceSeconds?: number
}

/** A webhook that the server did not send, or not lately. */
export class InvalidWebhookError extends Error {
  override readonly name = 'InvalidWebhookError'
}

/**
 * What a webhook says, once it is sure who sent it; `secret` is the `whsec_…` of the server.
 * @throws InvalidWebhookError
 */
export async function verifyWebhook<T = Prediction>(
  webhook: ReceivedWebhook | Request,
  secret: string,
  { toleranceSeconds = 300 }: VerifyOptions = {},
): Promise<T> {
  const body = typeof webhook.body === 'string' ? webhook.body : await textOf(webhook)
  const headerOf = (name: string) => readHeader(webhook.headers, name)
  const timestamp = headerOf('webhook-timestamp')
  const ageSeconds = Math.abs(Date.now() / 1000 - Number(timestamp))
  // Not `>`, which is false for what is no number.
  if (!(ageSeconds <= toleranceSeconds)) throw new InvalidWebhookError('The webhook is too old.')
  const signed = `${headerOf('webhook-id')}.${timestamp}.${body}`
  if (!(await isSigned(signed, headerOf('webhook-signature'), secret)))
    throw new InvalidWebhookError('The signature of the webhook is wrong.')
  return JSON.parse(body)
}

async function textOf(webhook: ReceivedWebhook | Request): Promise<string> {
  if ('text' in webhook) return webhook.clone().text()
  throw new InvalidWebhookError('The webhook has no body.')
}

function readHeader(headers: ReceivedWebhook['headers'], name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name]
  if (typeof value === 'string') return value
  throw new InvalidWebhookError(`The webhook has no header ${name}.`)
}

/** Whether one of the signatures is right: there are several while the secret is changed. */
async function isSigned(text: string, signatures: string, secret: string): Promise<boolean> {
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  const bytes = fromBase64(secret.replace(/^whsec_/, ''))
  if (bytes === null) throw new InvalidWebhookError('The secret is none: it begins with whsec_.')
  const key = await crypto.subtle.importKey('raw', bytes, hmac, false, ['verify'])
  const data = new TextEncoder().encode(text)
  for (const entry of signatures.split(' ')) {
    const signature = entry.startsWith('v1,') ? fromBase64(entry.slice(3)) : null
    if (signature && (await crypto.subtle.verify('HMAC', key, signature, data))) return true
  }
  return false
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
  } catch {
    return null
  }
}
