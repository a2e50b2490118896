import type { Payloads } from '../payloads/payloads.js'
import type { JsonText } from '../predictions/prediction.js'
import type { Delivery } from './delivery.js'

/** The body as the delivery is to hold it: itself, or where the payload store keeps it when it is large. */
export async function keepBody(
  payloads: Pick<Payloads, 'keepBody'>,
  delivery: string,
  json: JsonText,
): Promise<Pick<Delivery, 'body' | 'bodyKey'>> {
  const kept = await payloads.keepBody(delivery, json)
  return kept.kind === 'inline' ? { body: kept.json } : { body: '', bodyKey: kept.key }
}

/** @throws Error where its body is not to be had */
export async function readBody(
  payloads: Pick<Payloads, 'read'>,
  { id, body, bodyKey }: Delivery,
): Promise<JsonText> {
  if (bodyKey === undefined) return body
  const text = await payloads.read({ kind: 'stored', key: bodyKey })
  if (text === null) throw new Error(`the body of delivery ${id} is not kept any more`)
  return text
}

/** Deletes the bodies of deliveries that nobody makes. Never rejects: the sweep removes what is left. */
export async function deleteBodies(
  payloads: Pick<Payloads, 'delete'>,
  deliveries: readonly Pick<Delivery, 'bodyKey'>[],
): Promise<void> {
  const keys = deliveries.flatMap(({ bodyKey }) => bodyKey ?? [])
  await Promise.all(keys.map((key) => payloads.delete(key).catch(() => {})))
}
