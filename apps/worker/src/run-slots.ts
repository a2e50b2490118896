import type { PredictionClass } from '@augur/core/predictions/prediction'
import { turnsOf } from '@augur/core/queue/priority'

/** Gives a slot back; calling it again does nothing. */
export type ReleaseSlot = () => void

/** A run's slot, which the run may give up and ask for again. */
export interface RunSlot {
  release(): void
  /** Waits for a slot in the place of the one that was released. */
  resume(): Promise<void>
}

interface Asker {
  turn: number
  give(release: ReleaseSlot): void
}

/** Those of a class that wait for a slot, in order of asking. */
interface Line {
  waiting: Asker[]
  /** The newest turn that was given in it. */
  given: number
}

/** The most urgent first, which is served first of those with the same turn. */
const sharing = ['waiting', 'submission', 'batch'] as const

/**
 * What a worker's cores are handed out by: so many runs at a time over all versions. Where several classes wait, each is
 * given its share by the same turns as in a queue, in order of asking, so that the waiting callers of one version hold
 * back the submissions of no other; shadows get what nobody else wants. This makes priority hold across queues, which
 * know nothing of each other.
 */
export class RunSlots {
  private readonly lines: Readonly<Record<PredictionClass, Line>> = {
    waiting: { waiting: [], given: 0 },
    submission: { waiting: [], given: 0 },
    batch: { waiting: [], given: 0 },
    shadow: { waiting: [], given: 0 },
  }

  /** The turn that was served last: whoever asks anew begins behind it, and has saved up nothing. */
  private served = 0
  private readonly loans = new Set<ReleaseSlot>()

  constructor(private free: number) {}

  /**
   * A slot that nobody wants now, or null. It is on loan: whoever asks for one when none is free gets it at once, and
   * the work that borrowed it goes on beside.
   */
  borrow(): ReleaseSlot | null {
    if (this.free === 0) return null
    this.free--
    const release = this.slot()
    this.loans.add(release)
    return () => {
      this.loans.delete(release)
      release()
    }
  }

  async acquire(forClass: PredictionClass): Promise<ReleaseSlot> {
    if (this.free === 0) this.callInLoan()
    if (this.free > 0) {
      this.free--
      return this.slot()
    }
    const line = this.lines[forClass]
    line.given = Math.max(this.served, line.given) + turnsOf[forClass]
    return new Promise((give) => line.waiting.push({ turn: line.given, give }))
  }

  /** A slot that was acquired for `forClass`, as one that can be given up for a while. */
  renewable(forClass: PredictionClass, release: ReleaseSlot): RunSlot {
    let current = release
    return {
      release: () => current(),
      resume: async () => {
        current = await this.acquire(forClass)
      },
    }
  }

  private callInLoan(): void {
    const [loan] = this.loans
    if (!loan) return
    this.loans.delete(loan)
    loan()
  }

  private slot(): ReleaseSlot {
    let held = true
    return () => {
      if (!held) return
      held = false
      const next = this.nextAsker()
      if (next) next.give(this.slot())
      else this.free++
    }
  }

  private nextAsker(): Asker | undefined {
    const { shadow, ...lines } = this.lines
    const firsts = sharing.flatMap((name) =>
      lines[name].waiting.slice(0, 1).map(({ turn }) => ({ name, turn })),
    )
    const [next] = firsts.toSorted((a, b) => a.turn - b.turn)
    if (!next) return shadow.waiting.shift()
    this.served = next.turn
    return lines[next.name].waiting.shift()
  }
}
