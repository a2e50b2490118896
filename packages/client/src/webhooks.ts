import type { Transport } from './transport.js'
import type { Prediction, WebhookSecret } from './types.js'
import { type ReceivedWebhook, verifyWebhook } from './verify-webhook.js'

export class Webhooks {
  private known: Promise<string> | undefined

  constructor(private readonly transport: Transport) {}

  /** What the server signs webhooks of this tenant with. The key needs the scope `webhooks`. */
  async secret(): Promise<string> {
    return (await this.transport.json<WebhookSecret>('/webhooks/default/secret')).key
  }

  /**
   * What a webhook says, once it is sure who sent it. Asks for the secret once.
   * @throws InvalidWebhookError
   */
  async verify<T = Prediction>(webhook: ReceivedWebhook | Request): Promise<T> {
    this.known ??= this.secret()
    // One that could not be had is asked for again.
    this.known.catch(() => (this.known = undefined))
    return verifyWebhook<T>(webhook, await this.known)
  }
}
