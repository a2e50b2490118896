import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { ServiceError } from '@augur/core/errors'
import { getRequestListener } from '@hono/node-server'
import { problemMediaType, toProblem } from './problem.js'

interface FetchHandler {
  fetch(request: Request, env: object): Response | Promise<Response>
}

/** A request that never became one: its host or its path is malformed. */
function refuseMalformed(): Response {
  const problem = toProblem(new ServiceError('invalid_request', 'The request is malformed.'), 'none')
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'content-type': problemMediaType },
  })
}

/** Serves `app` over HTTP/1.1, not listening yet. Slow senders are cut off before they can pile up. */
export function createHttpServer(app: FetchHandler): Server {
  const listener = getRequestListener((request, env) => app.fetch(request, env), {
    errorHandler: refuseMalformed,
    overrideGlobalObjects: true,
  })
  return createServer(
    {
      maxHeaderSize: 8 * 1024,
      headersTimeout: 5000,
      // From the first byte to the end of the body; waiting for an answer is not limited by it.
      requestTimeout: 30_000,
      connectionsCheckingInterval: 1000,
      // Longer than proxies keep an idle connection (60 s mostly), so that it is never us who closes one in use.
      keepAliveTimeout: 65_000,
    },
    (incoming, outgoing) => void listener(incoming, outgoing),
  )
}

const idleCheckMs = 50

/** Stops accepting, lets requests under way end for at most `drainMs`, then cuts what is left. */
export async function closeHttpServer(server: Server, drainMs: number): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  // Connections that carried a request when the server closed become idle one by one.
  const idle = setInterval(() => server.closeIdleConnections(), idleCheckMs)
  const cut = setTimeout(() => server.closeAllConnections(), drainMs)
  await closed
  clearInterval(idle)
  clearTimeout(cut)
}
