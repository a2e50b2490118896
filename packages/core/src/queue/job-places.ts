import type { Worker } from 'bullmq'

/** Places for what the jobs of a BullMQ worker carry, which may be more than one thing each. */
export class JobPlaces {
  private jobs = 0
  private taken = 0

  /** The last job that is fetched may go beyond `places`. */
  constructor(private readonly places: number) {}

  /** How many jobs the worker may hold by now. */
  get concurrency(): number {
    return Math.max(1, this.jobs + mostFetched(this.places - this.taken))
  }

  /** Holds places for a job with so many things while it is handled; `free` gives one back before that. */
  async hold<T>(
    worker: Pick<Worker, 'concurrency'>,
    things: number,
    handle: (free: () => void) => Promise<T>,
  ): Promise<T> {
    let held = things
    const change = (jobs: number, taken: number) => {
      this.jobs += jobs
      this.taken += taken
      worker.concurrency = this.concurrency
    }
    change(1, things)
    try {
      return await handle(() => {
        held -= 1
        change(0, -1)
      })
    } finally {
      change(-1, -held)
    }
  }
}

/**
 * Jobs that are fetched before it is known what the first of them carries. BullMQ looks at its limit while the last one
 * has begun in name only: with a single one it would not look again until something ends.
 */
const mostFetched = (free: number) => Math.max(0, Math.min(2, free))
