import type { ModelVersion } from '@augur/core/models/version'
import type { NewPrediction } from '@augur/core/predictions/create-prediction'
import type { PredictionClass } from '@augur/core/predictions/prediction'
import type { Context } from 'hono'
import { parseCancelAfter } from './cancel-after-header.js'
import type { CreateBody, priorities } from './schemas.js'

type Priority = (typeof priorities)[number]
type Terms = Required<Pick<NewPrediction, 'expiresAt' | 'deadlineAt' | 'timeoutMs' | 'metadata'>>

const classes: Record<Priority, PredictionClass> = { high: 'waiting', normal: 'submission', low: 'batch' }

/** Callers who wait go first unless they say otherwise. */
export function classOf(priority: Priority | null | undefined, isWaitedFor: boolean): PredictionClass {
  return classes[priority ?? (isWaitedFor ? 'high' : 'normal')]
}

/**
 * When a prediction that is created now has to end; milliseconds since 1970, or null for no such time.
 * @throws ServiceError `invalid_request`
 */
export function deadlineOf(c: Context, nowMs: number): number | null {
  const afterMs = parseCancelAfter(c.req.header('cancel-after'))
  return afterMs === null ? null : nowMs + afterMs
}

/**
 * What a caller asks for beside the prediction itself.
 * @throws ServiceError `invalid_request`
 */
export function termsOf(
  c: Context,
  { manifest }: ModelVersion,
  { expires_in: expiresIn, timeout, metadata }: CreateBody,
  nowMs: number,
): Terms {
  return {
    expiresAt: expiresIn == null ? null : nowMs + Math.round(expiresIn * 1000),
    deadlineAt: deadlineOf(c, nowMs),
    // The version's own limit holds in any case.
    timeoutMs:
      timeout == null || timeout >= manifest.serving.timeoutSeconds ? null : Math.round(timeout * 1000),
    metadata: metadata ?? null,
  }
}
