import { groupBy } from '../group-by.js'
import type { OpenPredictions } from '../quotas/open-predictions.js'
import type { NewJob, PredictionQueues } from '../queue/prediction-queues.js'
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

/** One on its way into the store, and who waits to hear of it. */
interface Arrival {
  prediction: Prediction
  job: NewJob
  settle(outcome: Promise<CreateOutcome>): void
}

/**
 * Writes new predictions, those of one turn of the event loop together: on a busy server that is a dozen, and each
 * command costs its sender more than its server.
 */
export class NewPredictions {
  private arrived: Arrival[] = []

  constructor(private readonly options: NewPredictionsOptions) {}

  /** Resolves when record, indexes and job are written. Writing the same one again changes nothing. */
  store(prediction: Prediction, job: NewJob): Promise<CreateOutcome> {
    return new Promise((settle) => {
      if (this.arrived.length === 0) setImmediate(() => this.flush())
      this.arrived.push({ prediction, job, settle })
      if (this.arrived.length === mostAtOnce) this.flush()
    })
  }

  /** Everything is sent in this order over one connection: who finds the job finds its record. */
  private flush(): void {
    const { predictions, queues } = this.options
    const arrived = this.arrived
    this.arrived = []
    const creations = [...groupBy(arrived, ({ prediction }) => prediction.version).values()].map((group) => ({
      group,
      outcomes: predictions.create(group.map(({ prediction }) => prediction)),
    }))
    const indexed = this.index(arrived.map(({ prediction }) => prediction))
    for (const { group, outcomes } of creations) {
      for (const [i, { prediction, job, settle }] of group.entries()) {
        const written = Promise.all([outcomes, indexed.get(prediction.tenant), queues.add(prediction, [job])])
        settle(written.then(([all]) => all[i] ?? { kind: 'exists' }))
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
}
