import type { CatalogueStore } from '@augur/core/models/catalogue-store'
import type { WorkerPresence } from '@augur/core/models/presence'
import { repeat } from '@augur/core/repeat'
import type { Logger } from '@augur/core/telemetry/logger'

/** How often a worker says that it lives; its presence runs out after five of these. */
const everyMs = 1000

export interface AnnounceOptions {
  catalogue: Pick<CatalogueStore, 'announce' | 'withdraw'>
  worker: string
  presence(): WorkerPresence
  logger: Logger
}

export interface Announcing {
  /** Something changed that others should know now; many changes at once are told once. */
  soon(): void
  stop(): Promise<void>
}

/** Keeps telling everybody what this worker serves. */
export function announcePresence({ catalogue, worker, presence, logger }: AnnounceOptions): Announcing {
  let isDue = false
  let stopped = false
  const announce = async () => {
    isDue = false
    if (!stopped) await catalogue.announce(presence())
  }
  const onError = (error: unknown) => logger.warn({ err: error }, 'presence could not be announced')
  const repeating = repeat(announce, everyMs, onError)
  return {
    soon() {
      if (isDue) return
      isDue = true
      setImmediate(() => void announce().catch(onError))
    },
    async stop() {
      stopped = true
      await repeating.stop()
      // Without it the presence runs out by itself.
      await catalogue.withdraw(worker).catch(() => {})
    },
  }
}
