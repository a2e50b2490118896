import type { PredictionId } from '../ids.js'
import type { VersionId } from '../models/version.js'
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

export interface Prediction {
  id: PredictionId
  tenant: string
  /** `owner/name`. */
  model: string
  version: VersionId
  label: string
  class: PredictionClass
  form: InputForm
  status: PredictionStatus
  /** Null once retention has removed it. */
  input: Payload | null
  output: Payload | null
  error: string | null
  errorCode: PredictionErrorCode | null
  /** Milliseconds since 1970, as are the two below. */
  createdAt: number
  startedAt: number | null
  completedAt: number | null
  /** A JSON object that tells of the run which ended it; null when it did not come to one. */
  provenance: JsonText | null
  dataRemoved: boolean
  webhook: string | null
  webhookEvents: readonly WebhookEvent[]
  /** Claims so far; each hands the prediction to one worker. */
  attempt: number
  /** The fence: only who holds the newest token may change the record. Empty before the first claim. */
  token: string
  /** Which of its queue jobs is the valid one. */
  epoch: number
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
}

/** The prediction as its record will read once `ending` is written. */
export function ended(prediction: Prediction, ending: Ending): Prediction {
  return { ...prediction, ...ending }
}
