import type { Logger } from '@augur/core/telemetry/logger'
import { spanFields } from '@augur/core/telemetry/trace-fields'
import type { Context } from 'hono'
import type { ApiEnv } from '../api-app.js'
import type { ServerSentEvent } from './encode-event.js'
import { eventBody } from './event-body.js'
import { guards, requestHeaders } from '../json-response.js'
import type { StreamClients } from './stream-clients.js'

/** Clients give up a connection that is silent for 30 s. */
const heartbeatMs = 15_000
const stallMs = 60_000

export interface StreamContext {
  streams: StreamClients
  tenant: string
  logger: Logger
}

/** Replays everything to a browser that comes back after it. */
const failure: ServerSentEvent = {
  event: 'error',
  id: '0:0',
  data: JSON.stringify({ detail: 'Something went wrong on the server.' }),
}

/**
 * Answers with a `text/event-stream` of what `events` yields, with heartbeats in between. The signal that it gets is
 * aborted when the client leaves or the process stops: it should then end soon.
 * @throws ServiceError `overloaded` or `quota_exceeded` when too many streams are open
 */
export function streamEvents(
  { streams, tenant, logger }: StreamContext,
  c: Context<ApiEnv>,
  events: (signal: AbortSignal) => AsyncIterable<ServerSentEvent>,
): Response {
  const requestId = c.get('requestId')
  const traceparent = c.get('traceparent')
  const headers = {
    'content-type': 'text/event-stream',
    ...guards,
    // Proxies that collect an answer before they pass it on would hold the events back.
    'x-accel-buffering': 'no',
    ...requestHeaders(c),
  }
  // Nobody would ever read the body, or leave it.
  if (c.req.raw.method === 'HEAD') return new Response(null, { headers })
  const client = streams.admit(tenant)
  const body = eventBody(events(client.signal), {
    heartbeatMs,
    stallMs,
    onStall: () => {
      client.leave()
      c.env?.incoming?.socket.destroy?.()
    },
    onEnd: () => client.leave(),
    onError(error) {
      logger.error({ err: error, requestId, ...spanFields(traceparent) }, 'stream failed')
      return failure
    },
  })
  return new Response(body, { headers })
}
