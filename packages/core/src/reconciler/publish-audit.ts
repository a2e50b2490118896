import type { ModelTag } from '../ids.js'
import type { QueueTarget } from '../queue/version-queues.js'
import { type Audit, auditVersion } from './audit.js'
import type { ReconcileContext } from './reconcile-model.js'

/** A recount looks at every open prediction, so it is not made more often than this. */
const intervalMs = 60_000

export interface PublishedAudit extends Audit {
  /** Milliseconds since 1970. */
  at: number
}

/** Recounts a version and publishes what was found, when the newest audit is old enough. */
export async function publishAudit(context: ReconcileContext, target: QueueTarget): Promise<void> {
  const key = context.keys.audit(context.tag, target.version)
  const newest = parseAudit(await context.redis.get(key))
  if (newest && context.now() - newest.at < intervalMs) return
  const audit = await auditVersion(context, context.tag, target)
  await context.redis.set(key, JSON.stringify({ ...audit, at: context.now() } satisfies PublishedAudit))
  if (audit.gap !== 0 || audit.openWithoutRecord !== 0) {
    context.logger.error({ ...target, ...audit }, 'predictions are unaccounted for')
  }
}

export interface AuditReader {
  redis: Pick<ReconcileContext['redis'], 'get'>
  keys: ReconcileContext['keys']
}

/** The newest audit of a version; null before the first. */
export async function readAudit({ redis, keys }: AuditReader, tag: ModelTag, version: string) {
  return parseAudit(await redis.get(keys.audit(tag, version)))
}

const parseAudit = (text: string | null): PublishedAudit | null => (text === null ? null : JSON.parse(text))
