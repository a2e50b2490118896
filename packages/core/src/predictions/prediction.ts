import type { PredictionId } from '../ids.js'
import type { VersionId } from '../models/version.js'
import type { TrialPart } from '../rollouts/assign-version.js'
import type { WebhookEvent } from '../webhooks/webhook-events.js'

export const predictionStatuses = ['starting', 'processing', 'succeeded', 'failed', 'canceled'] as const
export type PredictionStatus = (typeof predictionStatuses)[number]
export type TerminalStatus = 'succeeded' | 'failed' | 'canceled'

/** Why a prediction failed or was cancelled; the closed list that `error_code` is taken from. */
export const predictionErrorCodes = [
  'invalid_input',
  'timeout',
  'runner_crashed',
  'resource_limit',
  'model_error',
  'worker_lost',
  'version_gone',
  'expired',
  'storage',
  'internal',
] as const
export type PredictionErrorCode = (typeof predictionErrorCodes)[number]

/** Who is served first when run slots are short. */
export const predictionClasses = ['waiting', 'submission', 'batch', 'shadow'] as const
export type PredictionClass = (typeof predictionClasses)[number]

/** What an input is written for: the version's own pipeline, or the model's tensors as they are. */
export const inputForms = ['pipeline', 'tensors'] as const
export type InputForm = (typeof inputForms)[number]

/** JSON text that is passed on as it is, never parsed and encoded again. */
export type JsonText = string

/** Inline JSON text, or the key under which the payload store keeps it. */
export type Payload = { kind: 'inline'; json: JsonText } | { kind: 'stored'; key: string }

/** What a caller may ask for beside the prediction itself; all of it is null where nobody asked. */
export interface PredictionTerms {
  /** When it is given up if no worker has begun it; milliseconds since 1970. */
  expiresAt: number | null
  /** When it is given up unless it has ended; milliseconds since 1970. */
  deadlineAt: number | null
  /** How long it may run, where that is less than its version allows. */
  timeoutMs: number | null
  /** The caller's own words, echoed and never read. */
  metadata: Readonly<Record<string, string>> | null
  /** The prediction whose input this one has. */
  retriedFrom: PredictionId | null
  /** The API key that created it. */
  keyId: string | null
  /** Its part in a rollout of its model; null where there was none. */
  trial: TrialPart | null
}

/** Ground truth that a caller attached: the right class, or how good the answer was. */
export interface Feedback {
  label?: string
  score?: number
  /** Whether the answer was that class; null where there was nothing to compare. */
  right?: boolean | null
}

export interface Prediction extends PredictionTerms {
  id: PredictionId
  tenant: string
  /** `owner/name`. */
  model: string
  version: VersionId
  label: string
  class: PredictionClass
  form: InputForm
  /** Its input names a file at another host. */
  remote?: true
  /** The name of the queue job that it shares at first; left out where its job is its own. */
  sharedJob?: string
  /** It was asked for by the deployment of its model. */
  deployment?: true
  /** Its place in the trace of its request; left out where there is none. */
  traceparent?: string
  status: PredictionStatus
  /** Null once retention has removed it. */
  input: Payload | null
  output: Payload | null
  error: string | null
  errorCode: PredictionErrorCode | null
  /** What its run wrote; empty where it wrote nothing. */
  logs: string
  /** Milliseconds since 1970, as are the two below. */
  createdAt: number
  startedAt: number | null
  completedAt: number | null
  /** A JSON object that tells of the run which ended it; null when it did not come to one. */
  provenance: JsonText | null
  dataRemoved: boolean
  /** Left out where nobody gave any. */
  feedback?: Feedback
  webhook: string | null
  webhookEvents: readonly WebhookEvent[]
  /** Claims so far; each hands the prediction to one worker. */
  attempt: number
  /** The fence: only who holds the newest token may change the record. Empty before the first claim. */
  token: string
  /** Which of its queue jobs is the valid one. */
  epoch: number
}

/** When a prediction that waits is given up; null where nobody set a time. */
export function firstDueAt({ expiresAt, deadlineAt }: PredictionTerms): number | null {
  if (expiresAt === null || deadlineAt === null) return expiresAt ?? deadlineAt
  return Math.min(expiresAt, deadlineAt)
}

export function isTerminal(status: PredictionStatus): status is TerminalStatus {
  return status === 'succeeded' || status === 'failed' || status === 'canceled'
}

/** The end of a prediction, before it is written. */
export interface Ending {
  status: TerminalStatus
  output: Payload | null
  error: string | null
  errorCode: PredictionErrorCode | null
  completedAt: number
  provenance: JsonText | null
  /** What the run wrote; left out where it wrote nothing. */
  logs?: string
}

/** The prediction as its record will read once `ending` is written. */
export function ended(prediction: Prediction, ending: Ending): Prediction {
  return { ...prediction, ...ending }
}
