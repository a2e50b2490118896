import { PredictionError } from './augur-error.js'
import { newIdempotencyKey } from './idempotency-key.js'
import type { ServerEvent } from './read-events.js'
import type { Transport } from './transport.js'
import type { CreatePredictionByModel, Prediction, ReplayPrediction } from './types.js'

/** What can be said of a new prediction, beside its model and input; names are those of the API. */
export interface SubmitOptions extends Omit<CreatePredictionByModel, 'input'> {
  /** Requests with the same key make one prediction. Each call has a key of its own by default, for its repeats. */
  idempotencyKey?: string
  /** Time from now in which it must end, as in `90s`, `5m` or `1h30m`; else it is canceled. */
  cancelAfter?: string
  signal?: AbortSignal
}

export interface ListOptions {
  status?: Prediction['status']
  /** `owner/name`. */
  model?: string
  /** A version's id or label. */
  version?: string
  /** Times as ISO 8601. */
  created_after?: string
  created_before?: string
  /** Words that the metadata of the prediction must hold. */
  metadata?: Record<string, string>
  signal?: AbortSignal
}

export interface ReplayOptions extends Omit<ReplayPrediction, 'version'> {
  idempotencyKey?: string
  signal?: AbortSignal
}

/** A piece of output or log; output that is no text is JSON. */
export interface StreamedEvent extends ServerEvent {
  event: 'output' | 'logs'
}

interface SignalOption {
  signal?: AbortSignal | undefined
}

const hasEnded = ({ status }: Prediction) => status !== 'starting' && status !== 'processing'

/** Held requests are answered before proxies give them up. */
const longPollSeconds = 25

/** A model is named by `owner/name`, `owner/name:version`, a version's id, or a label that only one model has. */
export class Predictions {
  constructor(private readonly transport: Transport) {}

  /** Creates a prediction, and does not wait for it. */
  submit(
    model: string,
    input: Record<string, unknown>,
    { idempotencyKey = newIdempotencyKey(), cancelAfter, signal, ...fields }: SubmitOptions = {},
  ): Promise<Prediction> {
    return this.transport.json('/predictions', {
      method: 'POST',
      headers: {
        'idempotency-key': idempotencyKey,
        ...(cancelAfter !== undefined && { 'cancel-after': cancelAfter }),
      },
      json: { ...fields, version: model, input },
      signal,
      repeatable: true,
    })
  }

  /**
   * Creates a prediction and gives its output once it has succeeded.
   * When the signal is aborted while it waits, the prediction is canceled as well.
   * @throws PredictionError when it has failed or was canceled
   */
  async run(model: string, input: Record<string, unknown>, options: SubmitOptions = {}): Promise<unknown> {
    const { signal } = options
    const created = await this.submit(model, input, { priority: 'high', ...options })
    try {
      return outputOf(await this.wait(created, { signal }))
    } catch (error) {
      if (signal?.aborted) await this.cancel(created.id)
      throw error
    }
  }

  /** The prediction as it is now. */
  get(id: string, { signal }: SignalOption = {}): Promise<Prediction> {
    return this.transport.json(pathOf(id), { signal })
  }

  /** The prediction once it has ended, however long that takes. */
  async wait(prediction: Prediction | string, { signal }: SignalOption = {}): Promise<Prediction> {
    const id = idOf(prediction)
    let seen = typeof prediction === 'string' ? undefined : prediction
    while (seen === undefined || !hasEnded(seen)) {
      seen = await this.transport.json<Prediction>(pathOf(id), { query: { wait: longPollSeconds }, signal })
    }
    return seen
  }

  /** Creates a prediction and yields its output and logs as they come. @throws PredictionError like `run` */
  async *stream(
    model: string,
    input: Record<string, unknown>,
    options: SubmitOptions = {},
  ): AsyncGenerator<StreamedEvent> {
    const created = await this.submit(model, input, { priority: 'high', ...options })
    yield* this.follow(created.id, { signal: options.signal })
  }

  /**
   * Output and logs of a prediction, from the first one on, also after its end.
   * @throws PredictionError when it has failed or was canceled
   */
  async *follow(
    prediction: Prediction | string,
    { signal }: SignalOption = {},
  ): AsyncGenerator<StreamedEvent> {
    const id = idOf(prediction)
    for await (const event of this.transport.events(`${pathOf(id)}/stream`, { signal })) {
      if (isStreamed(event)) yield event
      if (event.event === 'done') break
      if (event.event === 'error') failFor(await this.get(id, { signal }), event)
    }
    outputOf(await this.wait(id, { signal }))
  }

  /** Ends it at once, unless it has ended; gives it as it is then. */
  cancel(id: string): Promise<Prediction> {
    return this.transport.json(`${pathOf(id)}/cancel`, { method: 'POST', repeatable: true })
  }

  /** Submits one that has ended once more, as a new prediction. */
  retry(
    id: string,
    { idempotencyKey = newIdempotencyKey(), signal }: Pick<ReplayOptions, 'idempotencyKey' | 'signal'> = {},
  ): Promise<Prediction> {
    const headers = { 'idempotency-key': idempotencyKey }
    return this.transport.json(`${pathOf(id)}/retry`, { method: 'POST', headers, signal, repeatable: true })
  }

  /** Submits its input to another version, as a new prediction. */
  replay(id: string, version: string, options: ReplayOptions = {}): Promise<Prediction> {
    const { idempotencyKey = newIdempotencyKey(), signal, ...fields } = options
    return this.transport.json(`${pathOf(id)}/replay`, {
      method: 'POST',
      headers: { 'idempotency-key': idempotencyKey },
      json: { ...fields, version },
      signal,
      repeatable: true,
    })
  }

  /** Removes it with its data; one that is open is canceled first. */
  async delete(id: string): Promise<void> {
    await this.transport.request(pathOf(id), { method: 'DELETE', repeatable: true })
  }

  /** All predictions that match, newest first; pages are fetched as they are needed. */
  list({ metadata = {}, signal, ...filter }: ListOptions = {}): AsyncGenerator<Prediction> {
    const words = Object.entries(metadata).map(([key, value]) => [`metadata[${key}]`, value])
    const query = { ...filter, ...Object.fromEntries(words) }
    return this.transport.pages<Prediction>('/predictions', { query, signal })
  }
}

const idOf = (prediction: Prediction | string) =>
  typeof prediction === 'string' ? prediction : prediction.id
const pathOf = (id: string) => `/predictions/${encodeURIComponent(id)}`

const isStreamed = (event: ServerEvent): event is StreamedEvent =>
  event.event === 'output' || event.event === 'logs'

function outputOf(prediction: Prediction): unknown {
  if (prediction.status === 'succeeded') return prediction.output
  throw new PredictionError(prediction)
}

/** A stream can fail where its prediction has not. */
function failFor(prediction: Prediction, { data }: ServerEvent): never {
  if (prediction.status === 'failed' || prediction.status === 'canceled')
    throw new PredictionError(prediction)
  throw new Error(`The stream has ended early: ${data}`)
}
