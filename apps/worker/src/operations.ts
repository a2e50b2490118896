import { createServer, type Server, type ServerResponse } from 'node:http'
import type { Metrics } from '@augur/core/telemetry/metrics'

export interface OperationsOptions {
  metrics: Metrics
  /** Null when the worker is ready, else why it is not. */
  notReady(): string | null
}

const json = (response: ServerResponse, status: number, body: object) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

/** `/livez`, `/readyz` and `/metrics` of a worker, on a port of their own. */
export function createOperations({ metrics, notReady }: OperationsOptions): Server {
  const answer = async (url: string | undefined, response: ServerResponse) => {
    switch (url) {
      case '/livez':
        return json(response, 200, { status: 'live' })
      case '/readyz': {
        const reason = notReady()
        return reason === null
          ? json(response, 200, { status: 'ready' })
          : json(response, 503, { status: 'not ready', reason })
      }
      case '/metrics':
        response.writeHead(200, { 'content-type': metrics.registry.contentType })
        return response.end(await metrics.registry.metrics())
      default:
        return json(response, 404, { status: 'not found' })
    }
  }
  return createServer((request, response) => void answer(request.url, response))
}
