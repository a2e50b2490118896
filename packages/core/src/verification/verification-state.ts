import type { VersionId } from '../models/version.js'
import type { Verification } from './verification.js'

/** Why a version may or may not take over: `void` means that something it was measured with has changed since. */
export type VerificationState =
  | { state: 'passed' | 'failed'; at: string; rules: readonly string[] }
  | { state: 'missing' }
  | { state: 'void'; reason: VoidReason }

export const voidReasons = ['version_changed', 'baseline_changed', 'dataset_changed', 'unreadable'] as const
export type VoidReason = (typeof voidReasons)[number]

/** What a verification has to agree with to count. */
export interface Circumstances {
  version: VersionId
  /** The version that has the baseline's label now; undefined when none has. */
  baseline: VersionId | undefined
  /** Digest of the dataset that the manifest names; undefined where it names none or it is not there. */
  datasetSha256: string | undefined
}

/** Whether a verification still says something about a version. `rules` names those that it broke. */
export function stateOf(verification: Verification, now: Circumstances): VerificationState {
  const { baseline, candidate, dataset, passed, rules, createdAt } = verification
  if (candidate.id !== now.version) return { state: 'void', reason: 'version_changed' }
  if (baseline.id !== now.baseline) return { state: 'void', reason: 'baseline_changed' }
  if (now.datasetSha256 !== undefined && now.datasetSha256 !== dataset.sha256) {
    return { state: 'void', reason: 'dataset_changed' }
  }
  const broken = rules.filter((rule) => !rule.passed).map(({ name }) => name)
  return { state: passed ? 'passed' : 'failed', at: createdAt, rules: broken }
}
