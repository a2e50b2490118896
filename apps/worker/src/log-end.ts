import type { Ending, Prediction } from '@augur/core/predictions/prediction'
import type { Logger } from '@augur/core/telemetry/logger'
import { traceFields } from '@augur/core/telemetry/trace-fields'

/** One line at `debug` for a prediction that ended here. */
export function logEnd(logger: Logger, prediction: Prediction, ending: Ending): void {
  if (!logger.isLevelEnabled('debug')) return
  const { id, createdAt, attempt, traceparent } = prediction
  const { status, errorCode, completedAt } = ending
  logger.debug(
    {
      prediction: id,
      ...traceFields(traceparent),
      status,
      ...(errorCode !== null && { errorCode }),
      attempt,
      durationMs: completedAt - createdAt,
    },
    'prediction ended',
  )
}
