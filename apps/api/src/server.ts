import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { ServiceError } from '@augur/core/errors'
import { getRequestListener } from '@hono/node-server'
import { guards } from './json-response.js'
import { problemMediaType, toProblem } from './problem.js'

interface FetchHandler {
  fetch(request: Request, env: object): Response | Promise<Response>
}

const refusalHeaders = { ...guards, 'content-type': problemMediaType }

/** A request that never became one: its host or its path is malformed. */
function refuseMalformed(): Response {
  const problem = toProblem(new ServiceError('invalid_request', 'The request is malformed.'), 'none')
  return new Response(JSON.stringify(problem), { status: problem.status, headers: refusalHeaders })
}

/** Whatever else than `100-continue` a client may expect. Its body may follow or not, so nothing can. */
function refuseExpectation(_: IncomingMessage, outgoing: ServerResponse): void {
  const detail = 'Of what may be expected only 100-continue is known.'
  const problem = toProblem(new ServiceError('expectation_failed', detail), 'none')
  outgoing.writeHead(problem.status, { ...refusalHeaders, connection: 'close' }).end(JSON.stringify(problem))
}

/**
 * Lets a client send the body that it holds back once somebody reads it, so that a refusal by the headers alone comes
 * first. Who was not told to go on may send it or not: nothing else can follow on the connection.
 */
function continueWhenRead(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  isLeaving: () => boolean,
): void {
  outgoing.setHeader('connection', 'close')
  incoming.once('resume', () => {
    if (outgoing.headersSent) return
    if (!isLeaving()) outgoing.removeHeader('connection')
    outgoing.writeContinue()
  })
}

/** How long a body may take from the end of its headers. */
interface BodyTimes {
  /** One that is read as a whole. */
  bodyMs: number
  /** A file or the lines of a batch, which nobody holds in memory. */
  uploadMs: number
}

const usualTimes: BodyTimes = { bodyMs: 30_000, uploadMs: 15 * 60_000 }
const uploadPath = /^\/api\/v1\/(?:files|batches)(?:$|\?)/

/**
 * Serves `app` over HTTP/1.1, not listening yet. Slow senders are cut off before they can pile up. While `isLeaving`, every
 * answer ends its connection, so that clients take their next request elsewhere.
 */
export function createHttpServer(
  app: FetchHandler,
  { bodyMs, uploadMs } = usualTimes,
  isLeaving: () => boolean = () => false,
): Server {
  const listener = getRequestListener((request, env) => app.fetch(request, env), {
    errorHandler: refuseMalformed,
    overrideGlobalObjects: true,
  })
  const serve = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (isLeaving()) outgoing.setHeader('connection', 'close')
    if (hasBody(incoming) && !uploadPath.test(incoming.url ?? '')) limitBody(incoming, outgoing, bodyMs)
    void listener(incoming, outgoing)
  }
  const server = createServer(
    {
      maxHeaderSize: 8 * 1024,
      headersTimeout: 5000,
      // From the first byte to the end of the body; waiting for an answer is not limited by it.
      requestTimeout: uploadMs,
      connectionsCheckingInterval: 1000,
      // Longer than proxies keep an idle connection (60 s mostly), so that it is never us who closes one in use.
      keepAliveTimeout: 65_000,
    },
    serve,
  )
  server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    continueWhenRead(incoming, outgoing, isLeaving)
    serve(incoming, outgoing)
  })
  server.on('checkExpectation', refuseExpectation)
  return server
}

function hasBody({ headers }: IncomingMessage): boolean {
  return (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined
}

/** What the server itself does for all requests alike. */
function limitBody(incoming: IncomingMessage, outgoing: ServerResponse, bodyMs: number): void {
  const timer = setTimeout(() => {
    if (incoming.complete) return
    if (!outgoing.headersSent)
      incoming.socket.write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n')
    incoming.socket.destroySoon()
  }, bodyMs)
  incoming.once('close', () => clearTimeout(timer))
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
