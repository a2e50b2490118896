import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'

export interface ReceivedWebhook {
  headers: IncomingHttpHeaders
  body: string
}

export interface WebhookReceiver {
  url: string
  received: ReceivedWebhook[]
  /** Resolves when `count` webhooks that match have come. */
  waitFor(count: number, matches?: (webhook: ReceivedWebhook) => boolean): Promise<ReceivedWebhook[]>
  /** Waits until each prediction was told of, and gives the distinct `webhook-id`s under which that was done. */
  webhookIdsOf(predictions: readonly string[]): Promise<Set<string>[]>
  close(): Promise<void>
}

/** A receiver on a free port that records what comes. `answer` chooses the status, 200 by default. */
export async function startWebhookReceiver(
  answer: (webhook: ReceivedWebhook, count: number) => number = () => 200,
): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = []
  const arrivals = new EventEmitter()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const webhook = { headers: request.headers, body: Buffer.concat(chunks).toString('utf8') }
      received.push(webhook)
      response.writeHead(answer(webhook, received.length)).end()
      arrivals.emit('webhook')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server must have a port.')
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    received,
    async waitFor(count, matches = () => true) {
      for (;;) {
        const found = received.filter(matches)
        if (found.length >= count) return found
        await once(arrivals, 'webhook')
      }
    },
    async webhookIdsOf(predictions) {
      for (;;) {
        const found = groupByPrediction(received)
        const sets = predictions.map((id) => found.get(id))
        if (!sets.includes(undefined)) return sets.filter((set) => set !== undefined)
        await once(arrivals, 'webhook')
      }
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function groupByPrediction(received: readonly ReceivedWebhook[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const { headers, body } of received) {
    const { id } = JSON.parse(body)
    found.set(id, (found.get(id) ?? new Set()).add(String(headers['webhook-id'])))
  }
  return found
}
