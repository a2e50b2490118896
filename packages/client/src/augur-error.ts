import type { Prediction, Problem } from './types.js'

/** A request that was refused, or that got no answer which this client understands. */
export class AugurError extends Error {
  override readonly name = 'AugurError'

  constructor(
    /** Of the HTTP response. */
    readonly status: number,
    /** What the server says about it; null where the answer is not its own, but that of a proxy. */
    readonly problem: Problem | null,
    /** As the server asks for. */
    readonly retryAfterMs: number | null,
  ) {
    super(problem?.detail ?? `The server answered ${status}.`)
  }
}

/** A prediction that has ended without an output. */
export class PredictionError extends Error {
  override readonly name = 'PredictionError'

  constructor(readonly prediction: Prediction) {
    super(prediction.error ?? `The prediction was ${prediction.status}.`)
  }
}
