import { sweepStaged } from '@augur/core/models/staging/sweep-staged'
import { repeat } from '@augur/core/repeat'
import type { WorkerContext } from '../context.js'

const everyMs = 3_600_000
/** Longer than any download takes, and than a worker is away while it starts again. */
const olderThanMs = 24 * 3_600_000

/** Removes copies of versions that no worker has any more; all workers that share a data folder do so. */
export function sweepStagedVersions({
  catalogue,
  staging,
  logger,
  now,
}: Pick<WorkerContext, 'catalogue' | 'staging' | 'logger' | 'now'>): { stop(): Promise<void> } {
  const sweep = async () => {
    const { workers } = await catalogue.read()
    const keep = new Set(workers.flatMap(({ versions }) => versions.map(({ id }) => id)))
    const removed = await sweepStaged(staging.dataDir, { keep, olderThanMs, now: now() })
    if (removed.length > 0) logger.info({ versions: removed }, 'copies of old versions were removed')
  }
  return repeat(sweep, everyMs, (error) => logger.warn({ err: error }, 'old copies could not be removed'))
}
