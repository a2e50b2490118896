/** What a client asked the model under test to do. Its answer is `value` doubled. */
export interface ChaosInput {
  /** The request's number, by which runs are told apart. */
  request: number
  value: [number, number, number]
  /** How long the run takes, without being busy. */
  sleepMs?: number
  /** How long the run keeps a core busy, without giving way. */
  busyMs?: number
  /** How the runner dies of it. */
  die?: 'kill' | 'abort' | 'exhaust'
  /** Runs for ever. */
  hang?: boolean
  /** Only there to take room. */
  padding?: string
  /** A word of its tenant's that no other tenant may ever see. */
  canary: string
}

interface Timed {
  /** Milliseconds since 1970, by the clock of the machine that all processes share. */
  at: number
}

/** A client is about to send a request; one that is tried again keeps its number and its key. */
export interface RequestEvent extends Timed {
  kind: 'request'
  request: number
  /** Tenant and `Idempotency-Key`. */
  key: string
  tenant: string
  input: ChaosInput
  hasWebhook: boolean
}

/** What came back; `status` 0: nothing did. */
export interface ResponseEvent extends Timed {
  kind: 'response'
  request: number
  status: number
  id: string | null
  durationMs: number
}

/** A client asked for a prediction and was answered; `status` is `missing` where there was none. */
export interface ReadEvent extends Timed {
  kind: 'read'
  id: string
  status: string
  output: readonly number[] | null
  errorCode: string | null
  completedAt: number | null
  /** Of status, output and error. */
  resultHash: string
  /** Of the whole text. */
  textHash: string
}

/** The receiver was told of an end. */
export interface WebhookEvent extends Timed {
  kind: 'webhook'
  id: string
  webhookId: string
  isSigned: boolean
  textHash: string
  /** How far its timestamp is from now. */
  skewSeconds: number
  /** What a client was answered at that moment; null where nothing answered. */
  statusThen: string | null
}

/** The rig did something to a process. */
export interface FaultEvent extends Timed {
  kind: 'fault'
  fault: string
  target: string
  /** Processes that ended or stood still by it, runners included. */
  pids: readonly number[]
  /** How many predictions may be run again because of it. */
  atRisk: number
}

export interface ExitEvent extends Timed {
  kind: 'exit'
  process: string
  code: number | null
  signal: string | null
  /** Whether the rig or a failpoint ended it. */
  isPlanned: boolean
}

/** The model itself noted that a run of a request's input began or ended. */
export interface RunEvent extends Timed {
  kind: 'run'
  request: number
  pid: number
  phase: 'begin' | 'end'
}

/** The server lists a prediction. */
export interface StoredEvent extends Timed {
  kind: 'stored'
  id: string
  tenant: string
}

/** A word of one tenant was shown to another, or a secret was written where it must not be. */
export interface LeakEvent extends Timed {
  kind: 'leak'
  what: 'canary' | 'secret'
  detail: string
}

/** What a process holds, freshly started and after all faults. */
export interface ResourcesEvent extends Timed {
  kind: 'resources'
  process: string
  moment: 'fresh' | 'settled'
  rssBytes: number
  descriptors: number
  children: number
}

/** A process reported that it lost track of something of its own. */
export interface ComplaintEvent extends Timed {
  kind: 'complaint'
  process: string
  line: string
}

export type HistoryEvent =
  | RequestEvent
  | ResponseEvent
  | ReadEvent
  | WebhookEvent
  | FaultEvent
  | ExitEvent
  | RunEvent
  | StoredEvent
  | LeakEvent
  | ResourcesEvent
  | ComplaintEvent

export type EventOf<K extends HistoryEvent['kind']> = Extract<HistoryEvent, { kind: K }>
