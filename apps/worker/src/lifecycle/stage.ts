import { stageVersion } from '@augur/core/models/staging/stage-version'
import type { StageOptions } from '@augur/core/models/staging/stage-options'
import type { FoundVersion } from '@augur/core/models/version'
import type { Logger } from '@augur/core/telemetry/logger'
import type { StageControl, Staged } from './held-version.js'
import { logProgress } from './log-progress.js'

export interface StageContext {
  staging: Pick<StageOptions, 'dataDir' | 'limits' | 'downloads'>
  logger: Logger
}

/** Gets a version's files onto this machine, and tells how far that is. */
export async function stage(
  { staging, logger }: StageContext,
  found: FoundVersion,
  { signal, onProgress }: StageControl,
): Promise<Staged> {
  const log = logProgress(logger, () => performance.now())
  const staged = await stageVersion(found, {
    ...staging,
    signal,
    onProgress({ bytes, totalBytes = null }) {
      const progress = { doneBytes: bytes, totalBytes }
      onProgress(progress)
      log(progress)
    },
  })
  if (staged.ok) return staged
  for (const problem of staged.problems) logger.error(problem, 'version could not be staged')
  const [first] = staged.problems
  const reason = staged.problems.map(({ file, reason: fault }) => `${file} ${fault}`).join('; ')
  return { ok: false, failure: { code: first?.code ?? 'fetch_failed', reason } }
}
