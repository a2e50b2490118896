// What the operations page reads of answers that `@augur/client` has no types for.

export interface VersionOverview {
  model: string
  version: string
  label: string
  state: string
  state_reason: string | null
  is_stable: boolean
  workers: number
  paused: boolean
  draining: boolean
  open: number
  oldest_age_seconds: number | null
  ran_per_second: number | null
  accepted: number
  succeeded: number
  failed: number
  canceled: number
}

export interface Overview {
  at: string
  workers: number
  versions: VersionOverview[]
  /** Models that have one. */
  rollouts: string[]
}

interface VersionRef {
  id: string
  label: string | null
}

export interface Trial {
  id: string
  candidate: VersionRef
  mode: 'split' | 'shadow'
  percent: number
  started_at: string
  stopped_at: string | null
  stop_reason: string | null
}

export interface Rollout {
  model: string
  stable: VersionRef
  previous_stable: VersionRef | null
  trial: Trial | null
}

export interface RolloutEvent {
  action: string
  at: string
  actor: string
  reason: string
}

export interface Arm {
  version: VersionRef
  predictions: number
  error_rate: number | null
  latency_ms: { p50: number | null; p95: number | null; p99: number | null }
  feedback: { count: number; accuracy: number | null }
}

export interface Comparison {
  arms: { stable: Arm; candidate: Arm }
  errors: { difference: number | null; needed_per_arm: number }
  verdict: 'keep_collecting' | 'candidate_better' | 'no_difference' | 'candidate_worse'
}
