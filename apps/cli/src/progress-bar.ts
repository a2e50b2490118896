const width = 30
const redrawMs = 100

/** A bar with the time that is left, on standard error of a terminal; nothing anywhere else. */
export class ProgressBar {
  private readonly startedAt = performance.now()
  private drawnAt = Number.NEGATIVE_INFINITY

  constructor(
    private readonly title: string,
    private readonly isShown: boolean,
  ) {}

  update(done: number, total: number): void {
    const nowMs = performance.now()
    if (!this.isShown || (nowMs - this.drawnAt < redrawMs && done < total)) return
    this.drawnAt = nowMs
    const share = total === 0 ? 1 : Math.min(1, done / total)
    const filled = Math.round(share * width)
    const bar = '█'.repeat(filled) + '░'.repeat(width - filled)
    process.stderr.write(
      `\r\u001b[2K${this.title} ${bar} ${Math.floor(100 * share)} %${this.timeLeft(share, nowMs)}`,
    )
  }

  /** Takes the bar away. */
  end(): void {
    if (this.isShown) process.stderr.write('\r\u001b[2K')
  }

  private timeLeft(share: number, nowMs: number): string {
    const seconds = Math.ceil((((nowMs - this.startedAt) / 1000) * (1 - share)) / share)
    if (!Number.isFinite(seconds) || seconds <= 0) return ''
    return `, ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} left`
  }
}
