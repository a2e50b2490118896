import { finishPredictions } from '../predictions/finish-predictions.js'
import type { Ending, Prediction } from '../predictions/prediction.js'
import type { QueueTarget } from '../queue/version-queues.js'
import type { ReconcileContext } from './reconcile-model.js'

const pageSize = 200
const maxPages = 50

/** Ends what is due of the open predictions of a version that is gone, as failed with `version_gone`. Returns how many. */
export async function endVersion(
  context: ReconcileContext,
  target: QueueTarget,
  isDue: (prediction: Prediction) => boolean,
): Promise<number> {
  let ended = 0
  for (let page = 0; page < maxPages; page++) {
    const entries = await context.predictions.openBetween(
      context.tag,
      target.version,
      0,
      context.now(),
      pageSize,
    )
    const read = await context.predictions.readMany(entries.map(([id]) => id))
    const due = read.filter((prediction) => prediction !== null).filter(isDue)
    const ending = goneAt(context.now())
    const outcomes = await finishPredictions(
      context,
      due.map((prediction) => ({ prediction, ending })),
    )
    ended += outcomes.filter((outcome) => outcome === 'finished').length
    await context.queues.remove(target, due)
    if (entries.length < pageSize) break
  }
  return ended
}

const goneAt = (completedAt: number): Ending => ({
  status: 'failed',
  output: null,
  error: 'The version was removed before this prediction could run.',
  errorCode: 'version_gone',
  provenance: null,
  completedAt,
})
