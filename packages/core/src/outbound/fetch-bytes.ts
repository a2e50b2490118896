import { versionNumber } from '../version-number.js'
import { type GetAnswer, get, RequestError } from './guarded-get.js'
import type { GuardedAgent } from './guarded-agent.js'

export interface FetchLimits {
  maxBytes: number
  /** From the call to the last byte, redirects included. */
  timeoutMs: number
}

/** `reason` goes on from the name of what was to be fetched; it never holds the URL or an address. */
export type FetchResult = { ok: true; bytes: Buffer } | { ok: false; reason: string }

const maxRedirects = 3
const headers = { 'accept-encoding': 'identity', 'user-agent': `Augur/${versionNumber}` }

/** Fetches a small file from another host, through the guarded agent; every redirect is checked like the first URL. */
export async function fetchBytes(
  agent: GuardedAgent,
  url: string,
  { maxBytes, timeoutMs }: FetchLimits,
  stop?: AbortSignal,
): Promise<FetchResult> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const signal = stop ? AbortSignal.any([timeout, stop]) : timeout
  try {
    // Silence is no fault of its own: the whole of it has a limit.
    const answer = await get(agent, { url, headers, idleMs: 2 * timeoutMs, maxRedirects, signal })
    const fault = faultOf(answer, maxBytes)
    if (fault === null) return await read(answer, maxBytes)
    answer.discard()
    return { ok: false, reason: fault }
  } catch (error) {
    if (signal.aborted) return { ok: false, reason: `could not be fetched within ${timeoutMs / 1000} s` }
    if (error instanceof RequestError) return { ok: false, reason: `could not be fetched: ${error.message}` }
    throw error
  }
}

const tooLarge = (maxBytes: number) => `is larger than ${maxBytes} bytes`

function faultOf({ status, headers: answered }: GetAnswer, maxBytes: number): string | null {
  if (status !== 200) return `could not be fetched: the answer was ${status}`
  if (Number(answered['content-length'] ?? 0) > maxBytes) return tooLarge(maxBytes)
  const encoding = answered['content-encoding'] ?? 'identity'
  return encoding === 'identity' ? null : 'came compressed, which nobody asked for'
}

async function read({ body }: GetAnswer, maxBytes: number): Promise<FetchResult> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxBytes) return { ok: false, reason: tooLarge(maxBytes) }
    chunks.push(chunk)
  }
  return { ok: true, bytes: Buffer.concat(chunks) }
}
