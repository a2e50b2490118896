import type { Tickets } from '../access/tickets.js'
import type { Payloads } from '../payloads/payloads.js'
import { type Ending, ended, type JsonText, type Prediction } from '../predictions/prediction.js'
import { presentOutput } from '../predictions/present-output.js'
import { renderPrediction } from '../predictions/render-prediction.js'
import { type Delivery, deliveryId } from './delivery.js'
import { keepBody } from './keep-body.js'
import type { WebhookEvent } from './webhook-events.js'

export interface EndingDeliveriesContext {
  payloads: Payloads
  /** Root of the predictions dialect, as receivers of webhooks reach it. */
  publicBaseUrl: string
  tickets: Pick<Tickets, 'issue'>
}

/** What cannot be read must not keep a prediction, or those that end with it, from ending. */
const orNull = (reading: Promise<JsonText | null>) => reading.catch(() => null)

/**
 * What the end of a prediction has to tell its webhook, in order: what it wrote, what it gave, and that it ended. Each
 * body shows the prediction as of that event, and each event waits for the first attempt of the one before it.
 */
export async function endingDeliveries(
  context: EndingDeliveriesContext,
  before: Prediction,
  ending: Ending,
): Promise<Delivery[]> {
  const { webhook: url, tenant, webhookEvents } = before
  const wanted = url === null ? [] : eventsOf(ending, webhookEvents)
  if (url === null || wanted.length === 0) return []
  const { payloads, publicBaseUrl: baseUrl, tickets } = context
  const [input, output] = await Promise.all([
    orNull(payloads.read(before.input)),
    orNull(presentOutput(context, before, ending.output, baseUrl)),
  ])
  let after = webhookEvents.includes('start') ? deliveryId(before.id, 'start') : null
  const deliveries: Delivery[] = []
  for (const event of wanted) {
    const id = deliveryId(before.id, event)
    const options = { input, output: event === 'logs' ? null : output, baseUrl, tickets }
    const body = await keepBody(payloads, id, renderPrediction(asOf(event, before, ending), options))
    deliveries.push({ id, tenant, url, ...body, after })
    after = id
  }
  return deliveries
}

/**
 * A run hands over what it wrote and gave when it ends. There is one of `logs` and `output` in half a second at most,
 * so that where both are wanted the one shows both.
 */
function eventsOf({ status, logs }: Ending, wanted: readonly WebhookEvent[]): WebhookEvent[] {
  const events: WebhookEvent[] = []
  if (status === 'succeeded' && wanted.includes('output')) events.push('output')
  else if (logs && wanted.includes('logs')) events.push('logs')
  return wanted.includes('completed') ? [...events, 'completed'] : events
}

function asOf(event: WebhookEvent, before: Prediction, ending: Ending): Prediction {
  return event === 'completed' ? ended(before, ending) : { ...before, logs: ending.logs ?? '' }
}
