import { ServiceError } from '../errors.js'
import type { Payloads } from '../payloads/payloads.js'
import type { Prediction } from './prediction.js'

/**
 * The input of a prediction, parsed.
 * @throws ServiceError `input_removed` where retention was faster
 */
export async function readInput(
  { payloads }: { payloads: Pick<Payloads, 'read'> },
  { id, input }: Prediction,
): Promise<unknown> {
  const json = await payloads.read(input)
  if (json !== null) return JSON.parse(json)
  const detail = 'The input of this prediction was removed; submit it again.'
  throw new ServiceError('input_removed', detail, { predictionId: id })
}
