export interface CancelPolicyOptions {
  /** Runs shorter than this are left to end: starting another runner would take longer. */
  minRunMs: number
  /** Pause between two kills, so that a caller who cancels in a loop cannot keep a version from serving. */
  pauseMs: number
  now(): number
}

/** Decides whether a cancelled prediction that runs alone is worth its runner. */
export class CancelPolicy {
  private lastKillAt = Number.NEGATIVE_INFINITY

  constructor(private readonly options: CancelPolicyOptions) {}

  /** Counts as a kill when it answers yes. */
  mayKill(runningMs: number): boolean {
    const nowMs = this.options.now()
    if (runningMs < this.options.minRunMs || nowMs - this.lastKillAt < this.options.pauseMs) return false
    this.lastKillAt = nowMs
    return true
  }
}
