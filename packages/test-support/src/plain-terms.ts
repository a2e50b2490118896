import type { PredictionTerms } from '@augur/core/predictions/prediction'

/** Of a prediction whose caller asked for nothing beside it. */
export const plainTerms: PredictionTerms = {
  expiresAt: null,
  deadlineAt: null,
  timeoutMs: null,
  metadata: null,
  retriedFrom: null,
  keyId: null,
  trial: null,
}
