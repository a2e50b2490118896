import { type ErrorCode, ServiceError } from '@augur/core/errors'
import type { Prediction, PredictionErrorCode } from '@augur/core/predictions/prediction'

/** What a prediction's failure is to a caller who waited for it; anything else is `prediction_failed`. */
const codes: Partial<Record<PredictionErrorCode, ErrorCode>> = {
  invalid_input: 'invalid_input',
  timeout: 'timeout',
  expired: 'timeout',
  version_gone: 'no_worker',
}

/** @throws ServiceError when the prediction failed or expired: for callers who get its output or an error, and no prediction */
export function refuseFailed({ id, status, error, errorCode }: Prediction): void {
  if (status !== 'failed' && errorCode !== 'expired') return
  const code = (errorCode && codes[errorCode]) ?? 'prediction_failed'
  throw new ServiceError(code, error ?? 'The prediction failed.', { predictionId: id })
}
