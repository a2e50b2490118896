import type { Manifest } from '@augur/core/models/manifest'
import type { VersionId } from '@augur/core/models/version'

/** Why a runner refused a version. */
export type LoadRefusal = 'invalid_model' | 'invalid_pipeline' | 'warm_up_failed'

/** How one input ended. `message` may be shown to callers: it names no path and quotes no library. */
export type ItemResult =
  | { ok: true /** JSON text. */; output: string }
  | { ok: false; code: 'invalid_input' | 'model_error'; message: string }

/** Milliseconds that each stage took for the whole micro-batch. */
export interface RunTimings {
  preprocessMs: number
  runMs: number
  postprocessMs: number
}

/** Parent to child. Handled one after the other, in order. */
export type RunnerRequest =
  | { kind: 'load'; versionId: VersionId; folder: string; manifest: Manifest }
  | { kind: 'run'; run: number; versionId: VersionId /** JSON texts. */; inputs: string[] }
  | { kind: 'release'; versionId: VersionId }

/** Child to parent. */
export type RunnerReply =
  | { kind: 'loaded'; versionId: VersionId }
  | { kind: 'loadFailed'; versionId: VersionId; code: LoadRefusal; reason: string }
  | { kind: 'ran'; run: number; results: ItemResult[]; timings: RunTimings }
  | { kind: 'resourceLimit'; run: number }
  | { kind: 'released'; versionId: VersionId }
