import type { Catalogue, CatalogueVersion } from '../models/catalogue.js'
import type { VersionId } from '../models/version.js'
import { chooseArm } from './choose-arm.js'
import type { Arm, StickyKey } from './rollout.js'

/** What a prediction took part in, as its record keeps it; `id` is the trial's. */
export type TrialPart =
  /** The arm of a split that answers it. */
  | { id: string; part: Arm }
  /** The candidate repeats it, unseen. */
  | { id: string; part: 'shadow'; candidate: VersionId }

export interface Assigned {
  version: CatalogueVersion
  trial: TrialPart | null
}

/**
 * The version for a request that names a model only. `keyOf` tells callers apart as the trial wants it; where it finds
 * nothing to tell by, the request is a caller of its own: `anyKey`.
 */
export function assignVersion(
  catalogue: Catalogue,
  stable: CatalogueVersion,
  keyOf: (sticky: StickyKey) => string | null,
  anyKey: () => string,
): Assigned {
  const running = catalogue.trial(stable.model)
  if (!running || running.candidate.id === stable.id) return { version: stable, trial: null }
  const { trial, candidate } = running
  if (trial.mode === 'shadow') {
    const isSampled = chooseArm(trial, anyKey()) === 'candidate'
    return {
      version: stable,
      trial: isSampled ? { id: trial.id, part: 'shadow', candidate: candidate.id } : null,
    }
  }
  const part = chooseArm(trial, keyOf(trial.stickyKey) ?? anyKey())
  return { version: part === 'candidate' ? candidate : stable, trial: { id: trial.id, part } }
}
