import type { QueueTarget } from '@augur/core/queue/version-queues'
import type { ShadowQueues } from '@augur/core/queue/shadow-queues'
import { repeat } from '@augur/core/repeat'
import type { Logger } from '@augur/core/telemetry/logger'

export interface FollowShadowedOptions {
  shadowQueues: Pick<ShadowQueues, 'addedSince' | 'pending'>
  /** Versions that this worker holds. */
  held(): readonly QueueTarget[]
  /** Called with those that have, or soon may have, something to repeat. */
  onShadowed(versions: ReadonlySet<string>): void
  logger: Logger
  now(): number
}

const everyMs = 1000
/** So long after the newest addition another one is expected. */
const lastsMs = 60_000
/** What was added before that has lost its data by now, as a rule. */
const forgottenMs = 24 * 3600 * 1000

/** Looks, again and again, which versions are given predictions to repeat. */
export function followShadowed(options: FollowShadowedOptions): { stop(): Promise<void> } {
  const { shadowQueues, held, onShadowed, logger, now } = options
  const look = async () => {
    const added = await shadowQueues.addedSince(now() - forgottenMs)
    const due = await Promise.all(
      held().map(async (target) => {
        const at = added.get(target.version)
        if (at === undefined) return []
        const isDue = now() - at < lastsMs || (await shadowQueues.pending(target)) > 0
        return isDue ? [target.version] : []
      }),
    )
    onShadowed(new Set(due.flat()))
  }
  return repeat(look, everyMs, (error) => logger.warn({ err: error }, 'shadow queues cannot be looked at'))
}
