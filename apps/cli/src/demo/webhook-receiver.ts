import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { type ClassPrediction, classPrediction } from './prediction.js'

interface Received {
  prediction: ClassPrediction
  /** Whether the signature is that of the body that came. */
  verified: boolean
}

export interface WebhookReceiver {
  url: string
  /** Resolves when the prediction's webhook has come, which may have been before. */
  take(id: string, signal: AbortSignal): Promise<Received>
  /** Webhooks that came, and those of them whose signature is right. */
  counts(): { webhooks: number; verified: number }
  close(): void
}

/** Receives webhooks as a program of one's own would: takes the raw body, verifies it, and only then looks into it. */
export async function startWebhookReceiver(secret: string): Promise<WebhookReceiver> {
  const verifier = new Webhook(secret)
  const received = new Map<string, Received>()
  const waiting = new Map<string, (received: Received) => void>()
  const receive = async (request: IncomingMessage) => {
    const body = await text(request)
    const verified = isSigned(verifier, body, request)
    const prediction = classPrediction.parse(JSON.parse(body))
    received.set(prediction.id, { prediction, verified })
    waiting.get(prediction.id)?.({ prediction, verified })
  }
  const server = createServer((request, response) => {
    receive(request).then(
      () => response.end(),
      () => response.writeHead(400).end(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server must have a port.')
  return {
    url: `http://127.0.0.1:${address.port}/predictions`,
    take: (id, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        const early = received.get(id)
        if (early) resolve(early)
        else waiting.set(id, resolve)
      }),
    counts: () => ({
      webhooks: received.size,
      verified: [...received.values()].filter(({ verified }) => verified).length,
    }),
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function isSigned(verifier: Webhook, body: string, { headers }: IncomingMessage): boolean {
  try {
    verifier.verify(body, {
      'webhook-id': String(headers['webhook-id']),
      'webhook-timestamp': String(headers['webhook-timestamp']),
      'webhook-signature': String(headers['webhook-signature']),
    })
    return true
  } catch {
    return false
  }
}
