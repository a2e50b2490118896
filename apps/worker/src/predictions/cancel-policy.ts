export interface CancelPolicyOptions {
  /** Runs shorter than this are left to end: starting another runner would take longer. */
  minRunMs: number
  /** Pause between two kills, so that a caller who cancels in a loop cannot keep a version from serving. */
  pauseMs: number
  now(): number
}

/** Decides when a run of which every prediction was cancelled is worth its runner. */
export class CancelPolicy {
  private lastKillAt = Number.NEGATIVE_INFINITY

  constructor(private readonly options: CancelPolicyOptions) {}

  /** Milliseconds until a run that began at `startedAt` may be killed; 0 when it may be now. */
  delayMs(startedAt: number): number {
    const { minRunMs, pauseMs, now } = this.options
    return Math.max(0, startedAt + minRunMs - now(), this.lastKillAt + pauseMs - now())
  }

  killed(): void {
    this.lastKillAt = this.options.now()
  }
}
