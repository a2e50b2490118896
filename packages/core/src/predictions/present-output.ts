import type { Tickets } from '../access/tickets.js'
import type { Payloads } from '../payloads/payloads.js'
import type { JsonText, Payload, Prediction } from './prediction.js'

export interface PresentOutputContext {
  payloads: Payloads
  tickets: Pick<Tickets, 'issue'>
}

/**
 * An output as answers and webhooks carry it: JSON text, or in place of a large one the text of a URL. Null where there
 * is none.
 */
export async function presentOutput(
  { payloads, tickets }: PresentOutputContext,
  prediction: Pick<Prediction, 'id' | 'tenant'>,
  output: Payload | null,
  baseUrl: string,
): Promise<JsonText | null> {
  return (await payloads.isLarge(output)) ? outputUrl(tickets, prediction, baseUrl) : payloads.read(output)
}

/** The text of a URL that opens an output without a key for as long as it is kept. */
export function outputUrl(
  tickets: Pick<Tickets, 'issue'>,
  { id, tenant }: Pick<Prediction, 'id' | 'tenant'>,
  baseUrl: string,
): JsonText {
  const ticket = tickets.issue({ purpose: 'file', id, tenant, expiresAt: null })
  return JSON.stringify(`${baseUrl}/files/${id}/download?ticket=${ticket}`)
}
