import type { VersionId } from '../models/version.js'
import type { PredictionClass } from '../predictions/prediction.js'
import type { PredictionQueues } from '../queue/prediction-queues.js'
import type { QueueTarget } from '../queue/version-queues.js'
import { mostAhead, turnsOf } from '../queue/priority.js'
import { repeatReading } from '../redis/repeat-reading.js'
import type { Logger } from '../telemetry/logger.js'
import type { OpenPredictions } from './open-predictions.js'

/** Refreshes after which a queue that gets nothing is forgotten. */
const mostIdle = 60

/** The predictions of one class that a tenant has in one queue. */
interface Flow {
  /** Those that have not ended, by the newest look. */
  open: number
  /** The newest turn that this process gave: its predictions are served in order. */
  given: number
  idle: number
  turns: number
  count(): Promise<number>
}

/** What this process knows of one queue. */
interface Known {
  /** The turn of the job which is served next, by the newest look. */
  front: number
  flows: Map<string, Promise<Flow>>
  idle: number
  read(): Promise<number>
}

export interface FairTurnsOptions {
  queues: Pick<PredictionQueues, 'frontTurn'>
  openPredictions: Pick<OpenPredictions, 'countOf'>
  logger: Logger
}

/**
 * Divides each version's queue fairly among tenants by self-clocked fair queueing: a prediction goes as many turns behind
 * those that its tenant has in the same queue as its class takes, and the front of the queue is the clock. Whoever has
 * thousands waits behind himself, and nobody waits for ever. What is known is a second old at most, so that no
 * prediction has to wait for an answer about it.
 */
export class FairTurns {
  private readonly known = new Map<VersionId, Promise<Known>>()

  constructor(private readonly options: FairTurnsOptions) {}

  /** The turn of a tenant's next prediction. Asks Redis only about a queue or a tenant that was not there lately. */
  async next(tenant: string, target: QueueTarget, predictionClass: PredictionClass): Promise<number> {
    const queue = await this.queueOf(target)
    const flow = await this.flowOf(queue, tenant, target, predictionClass)
    queue.idle = 0
    flow.idle = 0
    const before = Math.max(queue.front + flow.open * flow.turns, flow.given)
    flow.given = Math.min(before + flow.turns, queue.front + mostAhead)
    return flow.given
  }

  follow(intervalMs: number): { stop(): Promise<void> } {
    const message = 'the length of queues could not be read'
    return repeatReading(() => this.refresh(), intervalMs, { logger: this.options.logger, message })
  }

  async refresh(): Promise<void> {
    await Promise.all(
      [...this.known].map(async ([version, known]) => {
        const queue = await known
        if (queue.idle++ >= mostIdle) this.known.delete(version)
        else await refreshQueue(queue)
      }),
    )
  }

  private queueOf(target: QueueTarget): Promise<Known> {
    return remembered(this.known, target.version, async () => {
      const read = () => this.options.queues.frontTurn(target)
      return { front: await read(), flows: new Map(), idle: 0, read }
    })
  }

  private flowOf(
    queue: Known,
    tenant: string,
    { version }: QueueTarget,
    predictionClass: PredictionClass,
  ): Promise<Flow> {
    return remembered(queue.flows, `${predictionClass} ${tenant}`, async () => {
      const count = () => this.options.openPredictions.countOf({ tenant, version, class: predictionClass })
      return { open: await count(), given: 0, idle: 0, turns: turnsOf[predictionClass], count }
    })
  }
}

/** What is known under this key, or what `read` finds; asked by many at once, it reads once. An error is not kept. */
function remembered<T>(known: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> {
  const found = known.get(key)
  if (found) return found
  const reading = read()
  known.set(key, reading)
  reading.catch(() => known.delete(key))
  return reading
}

async function refreshQueue(queue: Known): Promise<void> {
  queue.front = await queue.read()
  await Promise.all(
    [...queue.flows].map(async ([key, known]) => {
      const flow = await known
      if (flow.idle++ >= mostIdle) queue.flows.delete(key)
      else update(flow, await flow.count(), queue.front)
    }),
  )
}

function update(flow: Flow, open: number, front: number): void {
  flow.open = open
  // Beyond twice what the tenant has, the newest turn is from before the queue was empty or turns were taken back.
  flow.given = Math.min(flow.given, front + 2 * open * flow.turns)
}
