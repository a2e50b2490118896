import { z } from 'zod'
import { predictionClasses } from '../predictions/prediction.js'

/** A prediction, and which of its jobs is the valid one. */
const predictionRef = z.object({ id: z.string(), epoch: z.int().min(0) })

/** What travels through a version's queue: ids and routing, never inputs or results. */
export const predictionJob = predictionRef.extend({
  kind: z.literal('prediction'),
  class: z.enum(predictionClasses),
  /** Predictions of the same caller that came at the same moment and share the job. */
  companions: z.array(predictionRef).optional(),
  /** Its input names a file at another host. */
  remote: z.literal(true).optional(),
})
export type PredictionJob = z.infer<typeof predictionJob>

/** What travels through the shadow queue of a version: a prediction that it is to repeat, for a trial or a replay. */
export const shadowJob = z.object({ kind: z.literal('shadow'), trial: z.string(), primary: z.string() })
export type ShadowJob = z.infer<typeof shadowJob>

/** What travels through the batch queue of a version: a run of a batch's lines. */
export const chunkJob = z.object({ batch: z.string(), chunk: z.int().min(0), epoch: z.int().min(0) })
export type ChunkJob = z.infer<typeof chunkJob>

/** What travels through the delivery queue. */
export const deliveryJob = z.object({
  delivery: z.string(),
  /** Deliveries to the same receiver that were announced at the same moment and share the job. */
  companions: z.array(z.string()).optional(),
})
export type DeliveryJob = z.infer<typeof deliveryJob>

/** BullMQ takes no `:` in names; the version's id alone tells queues of one model apart. */
export const predictionQueueName = (version: string) => `predict-${version}`
export const chunkQueueName = (version: string) => `batch-${version}`
export const shadowQueueName = (version: string) => `shadow-${version}`
export const deliveryQueueName = 'deliveries'

export const predictionJobId = (id: string, epoch: number) => `${id}.${epoch}`
export const chunkJobId = ({ batch, chunk, epoch }: ChunkJob) => `${batch}.${chunk}.${epoch}`
/** A prediction is repeated once for a trial, however often that is asked for. */
export const shadowJobId = ({ trial, primary }: Omit<ShadowJob, 'kind'>) => `${primary}.${trial}`
