import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import type { Ledger } from '../history/ledger.js'
import type { Tenant } from './tenant.js'

interface ReceiverOptions {
  ledger: Ledger
  tenants(): readonly Tenant[]
  /** What a client is answered now; null when nothing answers. */
  statusOf(id: string, tenant: Tenant): Promise<string | null>
}

/** How the receiver takes what comes; by default it notes it and answers 200. */
export type Manner = (
  response: ServerResponse,
  request: IncomingMessage,
  body: string,
) => Promise<void> | void

export const hashOf = (value: string) => createHash('sha256').update(value).digest('base64')

/** Takes webhooks as a careful receiver does: checks what is signed, asks the server, and notes it before it answers. */
export class Receiver {
  manner: Manner = (response) => void response.writeHead(200).end()
  /** Predictions of which an end came. */
  readonly told = new Set<string>()
  /** Requests that came, whatever they were. */
  count = 0
  private readonly server = createServer((request, response) => {
    this.take(request, response).catch(() => response.destroy())
  })

  private readonly others: TcpServer[] = []

  constructor(private readonly options: ReceiverOptions) {}

  async listen(): Promise<void> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
  }

  urlFor(tenant: Tenant): string {
    return `http://127.0.0.1:${this.port}/${tenant.name}`
  }

  /** The same at further addresses of this machine, each of which the server takes for a receiver of its own. */
  async listenAtMore(count: number): Promise<string[]> {
    const addresses = Array.from({ length: count }, (_, i) => `127.0.1.${i + 1}`)
    for (const address of addresses) {
      const other = createTcpServer((socket) => void this.server.emit('connection', socket))
      this.others.push(other)
      await once(other.listen(this.port, address), 'listening')
    }
    return addresses.map((address) => `http://${address}:${this.port}`)
  }

  private get port(): number {
    const address = this.server.address()
    if (address === null || typeof address === 'string') throw new Error('A TCP server must have a port.')
    return address.port
  }

  /** Ends all connections that are kept. */
  hangUp(): void {
    this.server.closeAllConnections()
  }

  async close(): Promise<void> {
    for (const other of this.others) other.close()
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.count++
    const body = await text(request)
    const tenant = this.options.tenants().find(({ name }) => request.url?.split(/[/?]/)[1] === name)
    if (tenant) await this.note(request, body, tenant)
    await this.manner(response, request, body)
  }

  private async note(request: IncomingMessage, body: string, tenant: Tenant): Promise<void> {
    const { ledger, statusOf, tenants } = this.options
    const { id }: { id: string } = JSON.parse(body)
    const timestamp = Number(request.headers['webhook-timestamp'])
    const skewSeconds = Date.now() / 1000 - timestamp
    for (const other of tenants())
      if (other !== tenant && body.includes(other.canary))
        ledger.note({
          kind: 'leak',
          what: 'canary',
          detail: `webhook of ${id} shows ${tenant.name} a word of ${other.name}`,
        })
    const statusThen = await statusOf(id, tenant)
    ledger.note({
      kind: 'webhook',
      id,
      webhookId: String(request.headers['webhook-id']),
      isSigned: isSigned(request, body, tenant),
      textHash: hashOf(body),
      skewSeconds,
      statusThen,
    })
    this.told.add(id)
  }
}

function isSigned({ headers }: IncomingMessage, body: string, { webhookSecret }: Tenant): boolean {
  const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
  try {
    new Webhook(webhookSecret).verify(body, given)
    return true
  } catch {
    return false
  }
}
