import { z } from 'zod'
import { predictionClasses } from '../predictions/prediction.js'

/**
 * What travels through a version's queue: ids and routing, never inputs or results.
 * `chunk` is a run of a batch's items, `shadow` a repetition on a candidate.
 */
export const predictionJob = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('prediction'),
    id: z.string(),
    epoch: z.int().min(0),
    class: z.enum(predictionClasses),
  }),
  z.object({ kind: z.literal('chunk'), batch: z.string(), first: z.int().min(0), count: z.int().min(1) }),
  z.object({ kind: z.literal('shadow'), id: z.string(), primary: z.string() }),
])
export type PredictionJob = z.infer<typeof predictionJob>
export type SinglePredictionJob = Extract<PredictionJob, { kind: 'prediction' }>

/** What travels through the delivery queue. */
export const deliveryJob = z.object({ delivery: z.string() })
export type DeliveryJob = z.infer<typeof deliveryJob>

/** BullMQ takes no `:` in names; the version's id alone tells queues of one model apart. */
export const predictionQueueName = (version: string) => `predict-${version}`
export const deliveryQueueName = 'deliveries'

export const predictionJobId = (id: string, epoch: number) => `${id}.${epoch}`
