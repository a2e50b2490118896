import { finishPredictions } from '../predictions/finish-predictions.js'
import { isTerminal, type Prediction, type PredictionErrorCode } from '../predictions/prediction.js'
import { type PredictionJob, predictionJob } from '../queue/jobs.js'
import type { QueueTarget } from '../queue/version-queues.js'
import type { ReconcileContext } from './reconcile-model.js'
import { giveNewJob } from './requeue-lost.js'

const pageSize = 100
const maxPages = 20

/** A job that failed for another reason than lost workers is tried again this many times. */
const maxEpochs = 5

const messages: Partial<Record<PredictionErrorCode, string>> = {
  worker_lost: 'The workers that ran this prediction were lost too often.',
  internal: 'The prediction could not be carried out.',
}

/** Settles predictions whose jobs BullMQ gave up on: those of lost workers end, others are tried again. */
export async function closeFailedJobs(context: ReconcileContext, target: QueueTarget): Promise<number> {
  let closed = 0
  for (let page = 0; page < maxPages; page++) {
    const jobs = await context.queues.failed(target, pageSize)
    for (const { jobId, data, reason } of jobs) {
      await settle(context, target, data, reason)
      // Last, so that a crash before it has the job settled again.
      await context.queues.forget(target, jobId)
    }
    closed += jobs.length
    if (jobs.length < pageSize) break
  }
  return closed
}

async function settle(
  context: ReconcileContext,
  target: QueueTarget,
  data: unknown,
  reason: string,
): Promise<void> {
  const job = predictionJob.safeParse(data)
  if (!job.success) return
  const { companions = [], ...first } = job.data
  for (const ref of [first, ...companions]) await settleOne(context, target, ref, reason)
}

async function settleOne(
  context: ReconcileContext,
  target: QueueTarget,
  { id, epoch }: Pick<PredictionJob, 'id' | 'epoch'>,
  reason: string,
): Promise<void> {
  const prediction = await context.predictions.read(id)
  // A newer job took over already.
  if (!prediction || isTerminal(prediction.status) || prediction.epoch !== epoch) return
  if (/stalled/.test(reason)) await fail(context, prediction, 'worker_lost')
  else if (prediction.epoch >= maxEpochs) await fail(context, prediction, 'internal')
  else await giveNewJob(context, target, prediction)
}

async function fail(context: ReconcileContext, prediction: Prediction, errorCode: PredictionErrorCode) {
  const error = messages[errorCode] ?? errorCode
  const ending = {
    status: 'failed' as const,
    output: null,
    error,
    errorCode,
    completedAt: context.now(),
    provenance: null,
  }
  await finishPredictions(context, [{ prediction, ending }])
}
