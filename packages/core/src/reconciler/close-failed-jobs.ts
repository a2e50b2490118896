import { finishPredictions } from '../predictions/finish-predictions.js'
import { isTerminal, type Prediction, type PredictionErrorCode } from '../predictions/prediction.js'
import { predictionJob } from '../queue/jobs.js'
import type { QueueTarget } from '../queue/prediction-queues.js'
import type { ReconcileContext } from './reconcile-model.js'
import { requeue } from './requeue-lost.js'

const pageSize = 100

/** A job that failed for another reason than lost workers is tried again this many times. */
const maxEpochs = 5

const messages: Partial<Record<PredictionErrorCode, string>> = {
  worker_lost: 'The workers that ran this prediction were lost too often.',
  internal: 'The prediction could not be carried out.',
}

/** Settles predictions whose jobs BullMQ gave up on: those of lost workers end, others are tried again. */
export async function closeFailedJobs(context: ReconcileContext, target: QueueTarget): Promise<number> {
  const jobs = await context.queues.failed(target, pageSize)
  for (const { jobId, data, reason } of jobs) {
    const parsed = predictionJob.safeParse(data)
    const prediction =
      parsed.success && parsed.data.kind === 'prediction'
        ? await context.predictions.read(parsed.data.id)
        : null
    await context.queues.forget(target, jobId)
    if (!prediction || isTerminal(prediction.status)) continue
    if (/stalled/.test(reason)) await fail(context, prediction, 'worker_lost')
    else if (prediction.epoch >= maxEpochs) await fail(context, prediction, 'internal')
    else await requeue(context, target, prediction.id)
  }
  return jobs.length
}

async function fail(context: ReconcileContext, prediction: Prediction, errorCode: PredictionErrorCode) {
  const error = messages[errorCode] ?? errorCode
  const ending = { status: 'failed' as const, output: null, error, errorCode, completedAt: context.now() }
  await finishPredictions(context, [{ prediction, ending }])
}
