/** Why a version is not served: what is at fault, for programs. */
export const repositoryProblemCodes = [
  'invalid_manifest',
  'missing_file',
  'checksum_mismatch',
  'unsafe_file',
  'invalid_model',
  'unsupported_model',
  'too_large',
  'fetch_failed',
  'duplicate',
] as const
export type RepositoryProblemCode = (typeof repositoryProblemCodes)[number]

/** One fault of a folder of the model repository. */
export interface RepositoryProblem {
  code: RepositoryProblemCode
  /** `owner/name`. */
  model: string
  label: string
  /** Path inside the version's folder. */
  file: string
  /** Where in the manifest, for example `pipeline.image.width`. */
  field?: string
  /** Ends a sentence that starts with the file. */
  reason: string
}

/** A problem whose version is not named yet. */
export type Fault = Omit<RepositoryProblem, 'model' | 'label'>

const maxProblems = 20
const maxReasonLength = 500

/** Says whose faults these are. There are no more than a person would read: an untrusted file can have millions. */
export function problemsOf(
  { model, label }: { model: string; label: string },
  faults: readonly Fault[],
): RepositoryProblem[] {
  return faults
    .slice(0, maxProblems)
    .map((fault) => ({ model, label, ...fault, reason: shorten(fault.reason, maxReasonLength) }))
}

/** A text or name with its end left out where it is too long to be shown. */
export function shorten(text: string, length = 100): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}
