import { type PredictionClass, predictionClasses } from '@augur/core/predictions/prediction'

/** Gives a slot back; calling it again does nothing. */
export type ReleaseSlot = () => void

/**
 * What a worker's cores are handed out by: so many runs at a time over all versions, the most urgent class first and
 * within a class in order of asking. This makes priority hold across queues, which know nothing of each other.
 */
export class RunSlots {
  private readonly waiting = new Map<PredictionClass, ((release: ReleaseSlot) => void)[]>(
    predictionClasses.map((name) => [name, []]),
  )

  constructor(private free: number) {}

  async acquire(forClass: PredictionClass): Promise<ReleaseSlot> {
    if (this.free > 0) {
      this.free--
      return this.slot()
    }
    return new Promise((resolve) => this.waiting.get(forClass)?.push(resolve))
  }

  private slot(): ReleaseSlot {
    let held = true
    return () => {
      if (!held) return
      held = false
      const next = this.nextWaiting()
      if (next) next(this.slot())
      else this.free++
    }
  }

  private nextWaiting() {
    for (const name of predictionClasses) {
      const next = this.waiting.get(name)?.shift()
      if (next) return next
    }
    return undefined
  }
}
