import { once } from 'node:events'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import type { Prediction } from './answers.js'

/** After so long without a single new answer those that are missing count as lost. */
const giveUpAfterMs = 30_000

/** Takes webhooks of ended predictions and answers 200 at once, as a good receiver does. */
export class WebhookReceiver {
  /** Labels by prediction id. */
  readonly answers = new Map<string, string>()
  /** By `performance.now()`, by prediction id. */
  readonly arrivedAt = new Map<string, number>()
  private readonly server = createServer((request, response) => {
    const arrivedAt = performance.now()
    void json(request).then((body) => {
      response.end()
      this.take(body as Prediction, arrivedAt)
    })
  })
  private onAnswer = () => {}

  async listen(): Promise<void> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
  }

  get url(): string {
    const address = this.server.address()
    if (address === null || typeof address === 'string') throw new Error('The receiver is not listening.')
    return `http://127.0.0.1:${address.port}/`
  }

  /** Resolves when so many predictions have answered, or no more answers come. */
  async waitFor(count: number, signal: AbortSignal): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(resolve, giveUpAfterMs)
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      this.onAnswer = () => {
        timer?.refresh()
        if (this.answers.size >= count) resolve()
      }
      this.onAnswer()
    }).finally(() => clearTimeout(timer))
  }

  close(): void {
    this.server.close()
    this.server.closeAllConnections()
  }

  private take({ id, output }: Prediction, arrivedAt: number): void {
    this.arrivedAt.set(id, arrivedAt)
    if (output) this.answers.set(id, output.label)
    this.onAnswer()
  }
}
