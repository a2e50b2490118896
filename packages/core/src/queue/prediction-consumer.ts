import { consumeJobs, type JobConsumer, type JobConsumerOptions } from './job-consumer.js'
import { type PredictionJob, predictionJob, predictionQueueName } from './jobs.js'

const predictions = {
  queueName: predictionQueueName,
  parse: (data: unknown) => predictionJob.parse(data),
  placesOf: ({ companions = [] }: PredictionJob) => 1 + companions.length,
}

/** Consumes the queue of one version. */
export function consumePredictions(options: JobConsumerOptions<PredictionJob>): JobConsumer {
  return consumeJobs(predictions, options)
}
