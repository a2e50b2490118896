import type { ExecutionProvider, Manifest } from '@augur/core/models/manifest'
import type { VersionId } from '@augur/core/models/version'
import type { InputForm } from '@augur/core/predictions/prediction'

/** One prediction's input, and what it is written for. */
export interface RunInput {
  form: InputForm
  /** JSON text, valid for the version and the form. */
  json: string
}

/** Why a runner refused a version. */
export type LoadRefusal = 'invalid_model' | 'invalid_pipeline' | 'warm_up_failed' | 'provider_unavailable'

/** What a version is opened with, beside its manifest. */
export interface SessionSettings {
  /** Tried in this order. */
  providers: readonly ExecutionProvider[]
  /** Threads that one run uses inside ONNX Runtime. */
  threads: number
  /** Of an image among its inputs; 25 million where it is left out. */
  maxImagePixels?: number
}

/** What computes a loaded version's answers. */
export interface Served {
  /** For example `onnxruntime-node 1.30.0`. */
  runtime: string
  provider: ExecutionProvider
}

/**
 * How one input ended. `message` may be shown to callers: it names no path and quotes no library. `logs` is what the
 * version's own module wrote for them.
 */
export type ItemResult = (
  | { ok: true /** JSON text. */; output: string }
  | { ok: false; code: 'invalid_input' | 'model_error'; message: string }
) & { logs?: string }

/** When a run began in the child, and the milliseconds that each stage took for the whole micro-batch. */
export interface RunTimings {
  /** Milliseconds since 1970. */
  startedAt: number
  preprocessMs: number
  runMs: number
  postprocessMs: number
}

/**
 * Parent to child, without a reply: inputs that a run is expected to be asked for soon. They are on their way while
 * another run still keeps the child, which knows no others until the next run began.
 */
export interface StagedInputs {
  kind: 'stage'
  inputs: RunInput[]
}

/** Parent to child. Handled one after the other, in order. */
export type RunnerRequest =
  | { kind: 'load'; versionId: VersionId; folder: string; manifest: Manifest; settings: SessionSettings }
  | {
      kind: 'run'
      run: number
      versionId: VersionId
      /** How many inputs it has. */
      size: number
      /** Null for those that were staged last. */
      inputs: RunInput[] | null
    }
  | { kind: 'release'; versionId: VersionId }

/** Child to parent, one for each request. */
export type RunnerReply =
  | { kind: 'loaded'; versionId: VersionId; served: Served }
  | { kind: 'loadFailed'; versionId: VersionId; code: LoadRefusal; reason: string }
  | { kind: 'ran'; run: number; results: ItemResult[]; timings: RunTimings }
  | { kind: 'resourceLimit'; run: number }
  | { kind: 'released'; versionId: VersionId }

/** Child to parent, unasked: how many runs ONNX Runtime has refused so far. Each of them leaks a little memory. */
export interface RunnerNotice {
  kind: 'failedRuns'
  count: number
}
