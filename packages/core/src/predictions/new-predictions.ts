import { groupBy } from '../group-by.js'
import { randomToken } from '../ids.js'
import type { OpenPredictions } from '../quotas/open-predictions.js'
import { newJob, type PredictionQueues } from '../queue/prediction-queues.js'
import type { Prediction } from './prediction.js'
import type { PredictionIndex } from './prediction-index.js'
import type { CreateOutcome, PredictionStore } from './prediction-store.js'

export interface NewPredictionsOptions {
  predictions: Pick<PredictionStore, 'create'>
  index: Pick<PredictionIndex, 'add'>
  openPredictions: Pick<OpenPredictions, 'add'>
  queues: Pick<PredictionQueues, 'add'>
}

/** Redis serves nobody else while it writes them. */
const mostAtOnce = 100

/** How a prediction is queued. */
interface Queueing {
  turn: number
  /** How many of one caller that came at the same moment may share a job: no more than are run together. */
  mostTogether: number
}

/** One on its way into the store, and who waits to hear of it. */
interface Arrival extends Queueing {
  prediction: Prediction
  settle(outcome: Promise<CreateOutcome>): void
}

/**
 * Writes new predictions, those of one turn of the event loop together: on a busy server that is a dozen, and each
 * command costs its sender more than its server. Those of one caller that would be run together share a queue job.
 */
export class NewPredictions {
  private arrived: Arrival[] = []

  constructor(private readonly options: NewPredictionsOptions) {}

  /** Resolves when record, indexes and job are written. */
  store(prediction: Prediction, { turn, mostTogether }: Queueing): Promise<CreateOutcome> {
    return new Promise((settle) => {
      if (this.arrived.length === 0) setImmediate(() => this.flush())
      this.arrived.push({ prediction, turn, mostTogether, settle })
      if (this.arrived.length === mostAtOnce) this.flush()
    })
  }

  /** Everything is sent in this order over one connection: who finds the job finds its records. */
  private flush(): void {
    const { predictions } = this.options
    const arrived = this.arrived
    this.arrived = []
    const jobs = sharingJobs(arrived)
    const creations = [...groupBy(arrived, ({ prediction }) => prediction.version).values()].map((group) => ({
      group,
      outcomes: predictions.create(group.map(({ prediction }) => prediction)),
    }))
    const indexed = this.index(arrived.map(({ prediction }) => prediction))
    const queued = this.queue(jobs)
    for (const { group, outcomes } of creations) {
      for (const [i, arrival] of group.entries()) {
        const written = Promise.all([outcomes, indexed.get(arrival.prediction.tenant), queued.get(arrival)])
        arrival.settle(written.then(([all]) => all[i] ?? { kind: 'exists' }))
      }
    }
  }

  private index(predictions: readonly Prediction[]): Map<string, Promise<unknown>> {
    const { index, openPredictions } = this.options
    const indexed = new Map<string, Promise<unknown>>()
    for (const [tenant, group] of groupBy(predictions, (prediction) => prediction.tenant)) {
      const ids = group.map(({ id }) => id)
      indexed.set(tenant, Promise.all([index.add(tenant, ids), openPredictions.add(group)]))
    }
    return indexed
  }

  private queue(jobs: readonly Arrival[][]): Map<Arrival, Promise<unknown>> {
    const queued = new Map<Arrival, Promise<unknown>>()
    for (const job of jobs) {
      const [first, ...others] = job.map(({ prediction }) => prediction)
      if (!first) continue
      // The turn of the last: together they shall not get ahead of others.
      const turn = Math.max(...job.map((arrival) => arrival.turn))
      const adding = this.options.queues.add(first, [newJob(first, turn, others)])
      for (const arrival of job) queued.set(arrival, adding)
    }
    return queued
  }
}

/** Arrivals by the job that they share, which is noted in their predictions before they are written. */
function sharingJobs(arrived: readonly Arrival[]): Arrival[][] {
  const alike = groupBy(arrived, ({ prediction: { id, tenant, version, class: predictionClass, remote } }) =>
    remote ? id : `${version} ${predictionClass} ${tenant}`,
  )
  const jobs = [...alike.values()].flatMap((group) => inParts(group, group[0]?.mostTogether ?? 1))
  for (const job of jobs.filter(({ length }) => length > 1)) {
    // A name of its own: none of them can have been queued under it before.
    const name = randomToken()
    for (const { prediction } of job) prediction.sharedJob = name
  }
  return jobs
}

function inParts<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size))
}
