import type { LoadProgress } from '@augur/core/models/presence'
import type { Logger } from '@augur/core/telemetry/logger'

const everyMs = 5000

/** Logs how far a load has come, every five seconds and never sooner. */
export function logProgress(logger: Logger, now: () => number): (progress: LoadProgress) => void {
  let lastMs = now()
  return ({ doneBytes, totalBytes }) => {
    if (now() - lastMs < everyMs) return
    lastMs = now()
    const percent = totalBytes ? Math.floor((100 * doneBytes) / totalBytes) : null
    logger.info({ doneBytes, totalBytes, percent }, 'version is being fetched')
  }
}
