import { readAnswer } from '../answers/answer.js'
import { ServiceError } from '../errors.js'
import type { Payloads } from '../payloads/payloads.js'
import { type GetContext, getPrediction } from '../predictions/get-prediction.js'
import type { Feedback, Prediction } from '../predictions/prediction.js'
import type { ArmStore } from './arm-store.js'

export interface FeedbackContext extends GetContext {
  payloads: Payloads
  armStore: ArmStore
}

/** What is known to be right for an input, or how good its answer was. */
export type GivenFeedback = { label: string } | { score: number }

/**
 * Attaches ground truth to a prediction of this tenant; a second one replaces the first.
 * @throws ServiceError `not_found`, `gone`, or `prediction_open` before it has ended
 */
export async function giveFeedback(
  context: FeedbackContext,
  id: string,
  given: GivenFeedback,
): Promise<Prediction> {
  const prediction = await getPrediction(context, id)
  const feedback: Feedback =
    'label' in given ? { ...given, right: await isRight(context, prediction, given.label) } : given
  const outcome = await context.armStore.giveFeedback(prediction, feedback)
  if (outcome === 'given') return { ...prediction, feedback }
  if (outcome === 'open') {
    throw new ServiceError('prediction_open', 'Feedback can be given once the prediction has ended.')
  }
  throw new ServiceError('not_found', 'There is no prediction with this id.')
}

/** Null where there is no class to compare with: it failed, its data is gone, or its answer is no class. */
async function isRight(
  { payloads }: FeedbackContext,
  { output }: Prediction,
  label: string,
): Promise<boolean | null> {
  const text = await payloads.read(output)
  const answer = text === null ? null : readAnswer(JSON.parse(text))
  return answer?.kind === 'classes' ? answer.label === label : null
}
