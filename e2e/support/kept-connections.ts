import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { TestStack } from '@augur/test-support/test-stack'

export interface KeptConnections {
  /** A request of JSON to the predictions dialect, like `TestStack.request`. */
  send(method: string, path: string, more?: SendOptions): Promise<{ status: number; body: string }>
  close(): void
}

interface SendOptions {
  headers?: Record<string, string>
  body?: object
}

/** For stories that send thousands of requests: `fetch` would take as much of the processor as the server does. */
export function keepConnections(stack: Pick<TestStack, 'url'>): KeptConnections {
  const agent = new Agent({ keepAlive: true })
  return {
    async send(method, path, { headers = {}, body } = {}) {
      const sent = request(`${stack.url}/api/v1${path}`, {
        method,
        agent,
        headers: { 'content-type': 'application/json', ...headers },
      })
      const answered = new Promise<{ status: number; body: string }>((resolve, reject) => {
        sent.on('error', reject)
        sent.on('response', (response) => {
          text(response).then((body_) => resolve({ status: response.statusCode ?? 0, body: body_ }), reject)
        })
      })
      sent.end(body && JSON.stringify(body))
      return answered
    },
    close: () => agent.destroy(),
  }
}
