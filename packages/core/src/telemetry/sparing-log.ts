import type { Logger } from './logger.js'

const mostCauses = 1000

/** Warns of what may happen a thousand times a second: one line a cause each `everyMs`, with how many it stands for. */
export class SparingLog {
  private readonly causes = new Map<string, { at: number; unsaid: number }>()

  constructor(
    private readonly logger: Pick<Logger, 'warn'>,
    private readonly everyMs: number,
    private readonly now: () => number = Date.now,
  ) {}

  warn(cause: string, fields: object, message: string): void {
    const last = this.causes.get(cause)
    const at = this.now()
    if (last && at - last.at < this.everyMs && at >= last.at) {
      last.unsaid++
      return
    }
    if (this.causes.size >= mostCauses) this.causes.clear()
    this.causes.set(cause, { at, unsaid: 0 })
    this.logger.warn({ ...fields, ...(last && last.unsaid > 0 && { unsaid: last.unsaid }) }, message)
  }
}
