import type { S3Config } from 's3mini'
import { fetch as undiciFetch } from 'undici'
import type { GuardedAgent } from './guarded-agent.js'

/**
 * `fetch` for clients of the S3 protocol, which send bytes or text: through the agent, and following no redirects, since
 * a signature is for one host. The global one would send through whatever undici somebody imported, whose version does
 * not agree with it about headers.
 */
export function createGuardedFetch({ dispatcher }: GuardedAgent): NonNullable<S3Config['fetch']> {
  return async (input, init = {}) => {
    const { method = 'GET', headers, body, signal } = init
    const answer = await undiciFetch(input instanceof Request ? input.url : input, {
      dispatcher,
      redirect: 'manual',
      method,
      headers: [...new Headers(headers)],
      body: typeof body === 'string' || body instanceof Uint8Array ? body : null,
      signal: signal ?? null,
    })
    const { status, statusText } = answer
    return new Response(answer.body, { status, statusText, headers: [...answer.headers] })
  }
}
