import { modelTag } from '@augur/core/ids'
import type { Ending, Prediction } from '@augur/core/predictions/prediction'
import type { ShadowQueues } from '@augur/core/queue/shadow-queues'
import type { ShadowStore } from '@augur/core/shadow/shadow-store'
import type { Logger } from '@augur/core/telemetry/logger'
import type { Metrics } from '@augur/core/telemetry/metrics'
import type { CalmMachine } from './calm-machine.js'

export interface SampleContext {
  shadowQueues: Pick<ShadowQueues, 'add'>
  shadowStore: Pick<ShadowStore, 'shed'>
  calm: Pick<CalmMachine, 'isCalm'>
  metrics: Pick<Metrics, 'shadows'>
  logger: Logger
  /** Most repetitions that wait for one version. */
  limit: number
  now(): number
}

interface Group {
  model: string
  version: string
  trial: string
  primaries: string[]
  shed: number
}

/** How long predictions that ended are gathered, so that they cost callers one look at the queue between them. */
const gatherMs = 100
/** Handing over costs what callers need: on a busy machine there is less of it. */
const busyGatherMs = 1000
const mostWhileBusy = 20

/** Hands predictions that a shadow is to repeat to the candidate's queue, once they have ended, as far as it has room. */
export class ShadowSampler {
  private readonly groups = new Map<string, Group>()
  private timer: NodeJS.Timeout | undefined
  private writing: Promise<void> = Promise.resolve()

  constructor(private readonly context: SampleContext) {}

  /** Does nothing for a prediction that no shadow repeats. */
  ended({ id, model, trial }: Prediction, { status }: Ending): void {
    if (trial?.part !== 'shadow' || status === 'canceled') return
    const { id: name, candidate: version } = trial
    const group = this.groups.get(name) ?? { model, version, trial: name, primaries: [], shed: 0 }
    this.groups.set(name, group)
    if (group.primaries.length < this.context.limit) group.primaries.push(id)
    else group.shed++
    this.wait()
  }

  /** Hands over what is left. */
  async stop(): Promise<void> {
    this.flush(Number.POSITIVE_INFINITY)
    await this.writing
  }

  private wait(): void {
    if (this.timer) return
    const isCalm = this.context.calm.isCalm()
    const most = isCalm ? Number.POSITIVE_INFINITY : mostWhileBusy
    this.timer = setTimeout(() => this.flush(most), isCalm ? gatherMs : busyGatherMs)
  }

  private flush(most: number): void {
    clearTimeout(this.timer)
    this.timer = undefined
    const taken = [...this.groups.values()].map((group) => this.take(group, most))
    const writes = Promise.all([this.writing, ...taken.map((group) => this.write(group))])
    this.writing = writes.then(() => undefined)
    if (this.groups.size > 0) this.wait()
  }

  /** The first of a group, and all that is to be told of those it had no room for. */
  private take(group: Group, most: number): Group {
    const taken = { ...group, primaries: group.primaries.splice(0, most) }
    group.shed = 0
    if (group.primaries.length === 0) this.groups.delete(group.trial)
    return taken
  }

  /** Never rejects: nobody misses a sample. */
  private async write({ model, version, trial, primaries, shed }: Group): Promise<void> {
    const { shadowQueues, shadowStore, metrics, limit, logger, now } = this.context
    try {
      const jobs = primaries.map((primary) => ({ trial, primary }))
      const taken = await shadowQueues.add({ model, version }, jobs, limit, now())
      const left = shed + primaries.length - taken
      if (left === 0) return
      metrics.shadows.inc({ model, outcome: 'shed' }, left)
      await shadowStore.shed(modelTag(model), trial, left)
    } catch (error) {
      logger.warn({ err: error, trial }, 'predictions could not be handed to their shadow')
    }
  }
}
