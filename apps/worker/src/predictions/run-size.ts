export interface RunSizeOptions {
  /** The version's own largest micro-batch: a run never has fewer lines. */
  least: number
  most: number
}

/** A run lasts about this long: short enough for a prediction that comes meanwhile, long enough to be worth a message. */
const wantedMs = { from: 8, to: 16 }

/**
 * How many lines of a batch a runner is sent at a time. It runs them in micro-batches of the version's size, one after
 * the other, so that short runs are not outweighed by the messages about them.
 */
export class RunSize {
  private size: number

  constructor(private readonly options: RunSizeOptions) {
    this.size = options.least
  }

  get current(): number {
    return this.size
  }

  /** Learns from a run of as many lines. */
  note(lines: number, tookMs: number): void {
    const { least, most } = this.options
    if (tookMs > wantedMs.to) this.size = Math.max(least, Math.floor(this.size / 2))
    else if (tookMs < wantedMs.from && lines >= this.size)
      this.size = Math.max(least, Math.min(most, this.size * 2))
  }
}
