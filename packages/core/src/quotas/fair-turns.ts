import type { PredictionClass } from '../predictions/prediction.js'
import type { PredictionQueues, QueueTarget } from '../queue/prediction-queues.js'
import { firstTurn, lastFrontTurn } from '../queue/priority.js'
import { isRedisUnavailable } from '../redis/connection.js'
import { repeat } from '../repeat.js'
import type { Logger } from '../telemetry/logger.js'
import type { OpenPredictions } from './open-predictions.js'

/** Refreshes after which a queue that gets nothing is forgotten. */
const mostIdle = 60

/** What this process knows of one class of one queue. */
interface Front {
  /** That of the job which is served next. */
  turn: number
  /** The newest turn of each tenant since then: its predictions are served in order. */
  given: Map<string, number>
  idle: number
  read(): Promise<number>
}

interface FairTurnsOptions {
  queues: Pick<PredictionQueues, 'frontTurn'>
  openPredictions: Pick<OpenPredictions, 'recent' | 'refresh'>
  logger: Logger
}

/**
 * Divides a queue fairly among tenants by start-time fair queueing: each round serves one prediction of every tenant,
 * and a new one waits for as many rounds as its tenant has open predictions. Whoever has thousands waits behind
 * himself. It is known to about a second, so that no prediction has to wait for an answer about it.
 */
export class FairTurns {
  private readonly fronts = new Map<string, Front>()

  constructor(private readonly options: FairTurnsOptions) {}

  /** The turn of a tenant's next prediction. Asks Redis only about a queue or a tenant that was not there lately. */
  async next(tenant: string, target: QueueTarget, predictionClass: PredictionClass): Promise<number> {
    const [front, open] = await Promise.all([
      this.frontOf(target, predictionClass),
      this.options.openPredictions.recent(tenant),
    ])
    front.idle = 0
    const turn = Math.max(front.turn + open, front.given.get(tenant) ?? firstTurn)
    front.given.set(tenant, turn)
    return turn
  }

  follow(intervalMs: number): { stop(): Promise<void> } {
    return repeat(
      () => this.refresh(),
      intervalMs,
      (error) => {
        if (isRedisUnavailable(error)) return
        this.options.logger.error({ err: error }, 'the length of queues could not be read')
      },
    )
  }

  async refresh(): Promise<void> {
    await Promise.all([this.options.openPredictions.refresh(), ...this.refreshFronts()])
  }

  private refreshFronts(): Promise<void>[] {
    return [...this.fronts].map(async ([key, front]) => {
      if (front.idle++ >= mostIdle) this.fronts.delete(key)
      else await readFront(front)
    })
  }

  private async frontOf(target: QueueTarget, predictionClass: PredictionClass): Promise<Front> {
    const key = `${target.version} ${predictionClass}`
    const known = this.fronts.get(key)
    if (known) return known
    const read = () => this.options.queues.frontTurn(target, predictionClass)
    const front = { turn: firstTurn, given: new Map<string, number>(), idle: 0, read }
    await readFront(front)
    this.fronts.set(key, front)
    return front
  }
}

async function readFront(front: Front): Promise<void> {
  const turn = await front.read()
  // Turns end somewhere. Begun again, they put what is new before what waits: the reconciler moves that up in time.
  front.turn = turn > lastFrontTurn ? firstTurn : turn
  front.given.clear()
}
