import { Batches } from './batches.js'
import { Files } from './files.js'
import { Models } from './models.js'
import { Predictions } from './predictions.js'
import { type ClientOptions, Transport } from './transport.js'
import { Webhooks } from './webhooks.js'

export { AugurError, PredictionError } from './augur-error.js'
export { InvalidWebhookError, verifyWebhook } from './verify-webhook.js'
export type * from './types.js'

/** A client of one server, for browsers and Node. It holds no connection: any number of them may be made. */
export class Augur extends Predictions {
  readonly batches: Batches
  readonly files: Files
  readonly models: Models
  readonly webhooks: Webhooks

  constructor(options: ClientOptions) {
    const transport = new Transport(options)
    super(transport)
    this.batches = new Batches(transport)
    this.files = new Files(transport)
    this.models = new Models(transport)
    this.webhooks = new Webhooks(transport)
  }
}
