import { Pool } from 'undici'
import type { Prediction } from './answers.js'
import type { Digit } from './digits.js'
import type { System } from './system.js'

/** Speaks to one system over connections that stay open. */
export class Client {
  private readonly pool: Pool

  constructor(
    private readonly system: Pick<System, 'origin' | 'paths'>,
    connections: number,
  ) {
    this.pool = new Pool(system.origin, { connections, pipelining: 1 })
  }

  /** Submits a prediction. With a webhook it asks for the event `completed` only. */
  async create({ input }: Digit, webhook?: string): Promise<Prediction> {
    const body = { input, ...(webhook && { webhook, webhook_events_filter: ['completed'] }) }
    return this.request(201, {
      method: 'POST',
      path: this.system.paths.create,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  }

  async get(id: string): Promise<Prediction> {
    return this.request(200, { method: 'GET', path: this.system.paths.get(id) })
  }

  async close(): Promise<void> {
    await this.pool.close()
  }

  private async request(expected: number, options: Parameters<Pool['request']>[0]): Promise<Prediction> {
    const { statusCode, body } = await this.pool.request(options)
    const answer = await body.text()
    if (statusCode !== expected) throw new Error(`${options.path} answered ${statusCode}: ${answer}`)
    return JSON.parse(answer) as Prediction
  }
}
