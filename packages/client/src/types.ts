// Written by `npm run client:types` from the schemas that the server validates with.

export interface Account {
  type: 'organization'
  username: string
  name: string
}

export interface Batch {
  id: string
  model: string
  version: string
  version_label: string
  status: 'in_progress' | 'finalizing' | 'cancelling' | 'completed' | 'failed' | 'expired' | 'cancelled'
  /** Lines: all, with a result so far, and with an error so far. */
  request_counts: {
    total: number
    completed: number
    failed: number
  }
  error?: string
  error_code?: 'canceled' | 'expired' | 'version_gone'
  metadata: Record<string, string> | null
  data_removed: boolean
  created_at: string
  expires_at: string
  started_at?: string
  cancelling_at?: string
  /** When it ended, however it did. */
  completed_at?: string
  webhook?: string
  urls: {
    get: string
    cancel: string
    results: string
    errors: string
    stream: string
  }
}

export interface BatchPage {
  next: string | null
  previous: null
  results: Batch[]
}

export interface CreateBatch {
  /** `owner/name`; its stable version is used. */
  model?: string
  /** A version id, `owner/name:version`, or a label; of `model` where that is given. */
  version?: string
  /** Told when the batch ends. */
  webhook?: string | null
  /** A batch has one event. */
  webhook_events_filter?: 'completed'[] | null
  metadata?: Record<string, string> | null
  /** Seconds that it may take, 24 h by default. What has not run by then is left out. */
  expires_in?: number | null
  /** Inputs without an id. */
  inputs?: unknown[]
  /** The lines: objects with `input` and, if wanted, `custom_id`. */
  items?: unknown[]
}

export interface CreatePrediction {
  /** A version id, `owner/name`, `owner/name:version`, or a label that only one model has. */
  version: string
  /** One input, as the schema of the version wants it. */
  input: Record<string, unknown>
  /** Where events are delivered. */
  webhook?: string | null
  /** Events that are delivered; all of them by default. */
  webhook_events_filter?: ('start' | 'output' | 'logs' | 'completed')[] | null
  /** Older form of a webhook for `completed`. */
  webhook_completed?: string | null
  /** Seconds in which it must begin to run, or it is canceled as `expired`. */
  expires_in?: number | null
  /** Seconds that it may run, where its version allows more. */
  timeout?: number | null
  /** Which are served first; `high` by default while the caller waits, else `normal`. */
  priority?: 'high' | 'normal' | 'low' | null
  /** Words of the caller, echoed: up to 16 keys of 64 characters, with values of 500. */
  metadata?: Record<string, string> | null
  /** Accepted for older clients, and without effect. */
  stream?: boolean | null
}

export interface CreatePredictionByModel {
  /** One input, as the schema of the version wants it. */
  input: Record<string, unknown>
  /** Where events are delivered. */
  webhook?: string | null
  /** Events that are delivered; all of them by default. */
  webhook_events_filter?: ('start' | 'output' | 'logs' | 'completed')[] | null
  /** Older form of a webhook for `completed`. */
  webhook_completed?: string | null
  /** Seconds in which it must begin to run, or it is canceled as `expired`. */
  expires_in?: number | null
  /** Seconds that it may run, where its version allows more. */
  timeout?: number | null
  /** Which are served first; `high` by default while the caller waits, else `normal`. */
  priority?: 'high' | 'normal' | 'low' | null
  /** Words of the caller, echoed: up to 16 keys of 64 characters, with values of 500. */
  metadata?: Record<string, string> | null
  /** Accepted for older clients, and without effect. */
  stream?: boolean | null
}

export interface Deployment {
  owner: string
  name: string
  current_release: {
    /** The revision of the rollout. */
    number: number
    model: string
    /** The stable version. */
    version: string
    created_at: string
    created_by: {
      type: 'organization'
      username: string
      name: string
    }
    configuration: {
      hardware: 'workers'
      min_instances: number
      /** Workers that know the version now. */
      max_instances: number
    }
  }
}

export interface DeploymentPage {
  next: string | null
  previous: null
  results: Deployment[]
}

export interface EmptyPage {
  next: null
  previous: null
  results: unknown[]
}

export interface FilePage {
  next: string | null
  previous: null
  results: StoredFile[]
}

export type Hardware = {
  sku: string
  name: string
}[]

export interface Health {
  status: 'ok' | 'degraded' | 'unavailable'
  redis: 'ok' | 'unavailable'
  models: {
    model: string
    version: string
    label: string
    state: 'loading' | 'ready' | 'load_failed' | 'crash_looping' | 'draining' | 'stopped' | 'unserved'
    /** Living workers that know this version. */
    workers: number
  }[]
}

export interface LoadingVersion {
  label: string
  version: string
  /** How much of its files is there, while they are fetched. */
  progress?: {
    done_bytes: number
    total_bytes: number | null
  }
}

export interface Model {
  url: string
  owner: string
  name: string
  description: string
  visibility: 'private'
  run_count: number
  is_official: false
  github_url: null
  paper_url: null
  license_url: null
  cover_image_url: null
  default_example: null
  /** That of the latest version, or of the first one while it is loaded. */
  state: 'loading' | 'ready' | 'load_failed' | 'crash_looping' | 'draining' | 'stopped' | 'unserved'
  /** Versions on their way to ready. */
  loading: LoadingVersion[]
  /** What is not served, and why. */
  problems: ModelProblem[]
  latest_version: Version | null
  created_at?: string
}

export interface ModelPage {
  next: string | null
  previous: null
  results: Model[]
}

export interface ModelProblem {
  label: string
  /** Null where the manifest is at fault. */
  version: string | null
  state: 'load_failed' | 'crash_looping'
  code: string
  reason: string
  file?: string
  field?: string
}

export interface Predict {
  model?: string
  version?: string
  input?: Record<string, unknown>
  /** Another name for `input`. */
  input_data?: Record<string, unknown>
}

export interface PredictAnswer {
  prediction: Prediction
}

export interface Prediction {
  id: string
  model: string
  version: string
  version_label: string
  status: 'starting' | 'processing' | 'succeeded' | 'failed' | 'canceled'
  input: Record<string, unknown> | null
  output: unknown
  error: string | null
  error_code?:
    | 'invalid_input'
    | 'timeout'
    | 'runner_crashed'
    | 'resource_limit'
    | 'model_error'
    | 'worker_lost'
    | 'version_gone'
    | 'expired'
    | 'storage'
    | 'internal'
  logs: string
  source: 'api'
  data_removed: boolean
  created_at: string
  started_at?: string
  completed_at?: string
  /** By when it must begin to run. */
  expires_at?: string
  /** By when it must end. */
  deadline?: string
  metadata?: Record<string, string>
  /** The part it takes in a split of its model. */
  rollout?: {
    trial: string
    arm: 'stable' | 'candidate'
  }
  /** What somebody said was right for it. */
  feedback?: {
    label?: string
    score?: number
  }
  /** The deployment by which it was asked for. */
  deployment?: string
  /** The prediction whose input it has. */
  retried_from?: string
  /** Seconds. */
  metrics?: {
    predict_time?: number
    total_time: number
  }
  /** How it came about, once it ended. Times are those of the whole micro-batch. */
  provenance?: {
    /** Which claim by a worker this was. */
    attempt: number
    /** From the creation to that claim. */
    queue_ms: number
    runtime?: string
    /** The execution provider that computed it. */
    provider?: string
    worker: string
    /** Predictions that ran together. */
    micro_batch_size?: number
    preprocess_ms?: number
    run_ms?: number
    postprocess_ms?: number
  }
  queue_position?: number | null
  /** By how fast the version ran lately; null when nothing tells. */
  estimated_start?: string | null
  waiting_reason?: 'queued' | 'no_worker_has_this_version' | 'worker_crash_looping' | 'paused'
  webhook?: string
  webhook_events_filter?: ('start' | 'output' | 'logs' | 'completed')[]
  urls: {
    get: string
    cancel: string
    web: string
    stream: string
  }
}

export interface PredictionPage {
  next: string | null
  previous: null
  results: Prediction[]
}

export interface Problem {
  /** Where this kind of problem is described. */
  type: string
  title: string
  status: number
  /** What is wrong with this request. */
  detail: string
  /** Id of the request, as in the header `X-Request-Id`. */
  instance: string
  code:
    | 'invalid_request'
    | 'invalid_json'
    | 'unauthenticated'
    | 'forbidden'
    | 'not_found'
    | 'method_not_allowed'
    | 'not_acceptable'
    | 'idempotency_in_progress'
    | 'prediction_open'
    | 'not_verified'
    | 'rollout_changed'
    | 'secret_needed'
    | 'gone'
    | 'payload_too_large'
    | 'unsupported_media_type'
    | 'expectation_failed'
    | 'invalid_input'
    | 'unknown_version'
    | 'input_removed'
    | 'url_not_allowed'
    | 'idempotency_mismatch'
    | 'rate_limited'
    | 'quota_exceeded'
    | 'prediction_failed'
    | 'overloaded'
    | 'no_worker'
    | 'version_draining'
    | 'unavailable'
    | 'timeout'
    | 'internal'
  /** The faulty fields, at JSON pointers (RFC 6901). */
  errors: {
    pointer: string
    code: string
    detail: string
  }[]
  prediction_id?: string
  /** Below /v2 only: the same as `detail`. */
  error?: string
}

export interface ReplayPrediction {
  /** A version id, `owner/name`, `owner/name:version`, or a label: of the same model, or one that only one model has. */
  version: string
  /** Where events are delivered. */
  webhook?: string | null
  /** Events that are delivered; all of them by default. */
  webhook_events_filter?: ('start' | 'output' | 'logs' | 'completed')[] | null
}

export interface SearchResults {
  query: string
  models: {
    model: Model
  }[]
  collections: unknown[]
  pages: unknown[]
}

export interface StoredFile {
  id: string
  name: string
  /** By the first bytes of the file. */
  content_type: string
  /** Bytes. */
  size: number
  /** The MD5 of the file. */
  etag: string
  checksums: {
    sha256: string
    md5: string
  }
  metadata: Record<string, unknown>
  created_at: string
  expires_at: string
  urls: {
    /** Also what to give as an input. */
    get: string
    /** The bytes, without a key, until the file expires. */
    download: string
  }
}

export interface Version {
  id: string
  label: string
  created_at: string
  cog_version: string
  state: 'loading' | 'ready' | 'load_failed' | 'crash_looping' | 'draining' | 'stopped' | 'unserved'
  /** Why it is not ready, from a closed list; with the states that have a reason. */
  state_code?: string
  /** The same for people. */
  state_reason?: string
  /** How much of its files is there, while they are fetched. */
  progress?: {
    done_bytes: number
    total_bytes: number | null
  }
  /** How it compares with its baseline; a version that is missing, void or failed takes no live traffic. */
  verification?: {
    state: 'passed' | 'failed' | 'void' | 'missing'
    verified_at?: string
    broken_rules?: string[]
    reason?: 'version_changed' | 'baseline_changed' | 'dataset_changed' | 'unreadable'
  }
  openapi_schema: Record<string, unknown>
}

export interface VersionPage {
  next: string | null
  previous: null
  results: Version[]
}

export interface WebhookSecret {
  key: string
}
