import type { RepositoryProblem } from './repository-problem.js'
import type { VersionId } from './version.js'

export const versionStates = [
  'loading',
  'ready',
  'load_failed',
  'crash_looping',
  'draining',
  'stopped',
] as const
export type VersionState = (typeof versionStates)[number]

/** How much of a version's files is there. */
export interface LoadProgress {
  doneBytes: number
  /** Null until it is known. */
  totalBytes: number | null
}

/** What computes a version's answers on one worker. */
export interface ServedBy {
  /** For example `onnxruntime-node 1.30.0`. */
  runtime: string
  /** The execution provider. */
  provider: string
}

/** One version as one worker has it; it may be in no catalogue yet. */
export interface PresentVersion {
  id: VersionId
  /** `owner/name`. */
  model: string
  label: string
  /** `stopped` is what an operator unloaded. */
  state: VersionState
  /** For people: why it is not ready. */
  reason?: string | undefined
  /** For programs, from a closed list, beside `load_failed` and `crash_looping`. */
  code?: string | undefined
  /** While its files are fetched and copied. */
  progress?: LoadProgress | undefined
  /** While a runner holds it. */
  served?: ServedBy | undefined
}

/** What one living worker says of itself. */
export interface WorkerPresence {
  worker: string
  /**
   * Models it is to serve, as `AUGUR_MODELS` names them, none meaning all. Left out until it has looked at its
   * repository: before that, a version it does not name may well be there.
   */
  covers?: readonly string[] | undefined
  versions: readonly PresentVersion[]
  /** What is wrong with its repository. */
  problems: readonly RepositoryProblem[]
}

/** Whether a worker that is to serve these models (none: all) serves this one. The owner may be left out. */
export function coversModel(covers: readonly string[], model: string): boolean {
  return covers.length === 0 || covers.includes(model) || covers.includes(model.replace(/^augur\//, ''))
}
