import type { Logger } from './telemetry/logger.js'

interface Step {
  name: string
  deadlineMs: number
  close(): Promise<void> | void
}

/** Closes what a process opened, the newest first. A part that misses its deadline is left behind. */
export class Shutdown {
  private readonly steps: Step[] = []
  private closing: Promise<void> | undefined

  constructor(private readonly logger: Logger) {}

  /** Adds a part that is now open. */
  add(name: string, close: () => Promise<void> | void, deadlineMs = 2000): void {
    this.steps.push({ name, close, deadlineMs })
  }

  /** Closing twice is the same as closing once. Never rejects. */
  close(): Promise<void> {
    this.closing ??= this.closeAll()
    return this.closing
  }

  private async closeAll(): Promise<void> {
    for (const step of this.steps.toReversed()) {
      try {
        await withDeadline(step)
      } catch (error) {
        this.logger.warn({ err: error, part: step.name }, 'could not be closed')
      }
    }
  }
}

async function withDeadline({ name, close, deadlineMs }: Step): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} did not close within ${deadlineMs} ms`)), deadlineMs)
  })
  try {
    await Promise.race([close(), deadline])
  } finally {
    clearTimeout(timer)
  }
}

/** SIGTERM and SIGINT close everything and end the process with 0; a second one ends it at once with 1. */
export function closeOnSignals(shutdown: Shutdown, logger: Logger): void {
  let signalled = false
  const onSignal = (signal: NodeJS.Signals) => {
    if (signalled) process.exit(1)
    signalled = true
    logger.info({ signal }, 'shutting down')
    void shutdown.close().then(() => process.exit(0))
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
}
