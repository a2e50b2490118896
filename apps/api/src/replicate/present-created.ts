import type { Created } from '@augur/core/predictions/create-prediction'
import { isTerminal, type JsonText, type Prediction } from '@augur/core/predictions/prediction'
import { spanFields } from '@augur/core/telemetry/trace-fields'
import type { ApiContext } from '../context.js'
import { presentUnfinished } from './present.js'

export interface PresentedCreated {
  text: JsonText
  /** Whether the text tells its end. */
  hasEnded: boolean
}

/**
 * What this request created, as it is `held` by now, for a caller who takes any status but `starting` for its end. Where
 * its output cannot be read, it is told as it was created: who was accepted must learn the id, and can ask again.
 */
export async function presentCreated(
  context: ApiContext,
  { prediction, input }: Created,
  held: Prediction,
  baseUrl: string,
): Promise<PresentedCreated> {
  try {
    const text = await presentUnfinished(context, held, baseUrl, { input })
    return { text, hasEnded: isTerminal(held.status) }
  } catch (error) {
    // What was there already is found again by its key.
    if (input === undefined) throw error
    context.logger.error(
      { err: error, prediction: prediction.id, ...spanFields(prediction.traceparent) },
      'the end of a prediction could not be read',
    )
    return { text: await presentUnfinished(context, prediction, baseUrl, { input }), hasEnded: false }
  }
}
