import { ServiceError } from '@augur/core/errors'
import type { Catalogue } from '@augur/core/models/catalogue'
import type { VersionState } from '@augur/core/models/presence'
import { describeSkew, readClockSkewMs } from '@augur/core/redis/clock-skew'
import type { ApiContext } from './context.js'

const unavailable = (reason: string) => new ServiceError('unavailable', reason, { retryAfterSeconds: 1 })

/** Whether a label is being loaded that nobody serves: a new version of one that is served is no reason to wait. */
function isStarting({ workers }: Catalogue): boolean {
  const versions = workers.flatMap((worker) => worker.versions)
  const inState = (wanted: VersionState) =>
    versions.filter(({ state }) => state === wanted).map(({ model, label }) => `${model}:${label}`)
  const served = new Set(inState('ready'))
  return inState('loading').some((name) => !served.has(name))
}

/**
 * @param wasReady whether it was before. Then a worker that loads one more model is no reason to send callers away.
 * @throws ServiceError with the first reason why requests should go elsewhere
 */
async function assertReady(context: ApiContext, wasReady: boolean): Promise<void> {
  if (context.stopping) throw unavailable('The server is shutting down.')
  if (!(await context.isRedisAnswering())) throw unavailable('Redis does not answer.')
  const wrongClock = describeSkew(await readClockSkewMs(context.redis, context.now))
  if (wrongClock !== null) throw unavailable(wrongClock)
  const catalogue = context.catalogue.current
  if (catalogue === null) throw unavailable('The model catalogue was not read yet.')
  // A worker comes once somebody submits, whom this API must be there for.
  if (context.settings.AUGUR_SCALE_TO_ZERO) return
  if (!wasReady && isStarting(catalogue)) throw unavailable('A worker is still loading its models.')
  if (!catalogue.workers.some(({ versions }) => versions.some(({ state }) => state === 'ready'))) {
    throw new ServiceError('no_worker', 'No worker is ready for any version.', { retryAfterSeconds: 1 })
  }
}

/** Resolves while predictions that are sent now are served, and throws the ServiceError that says why they are not. */
export type ReadinessCheck = () => Promise<void>

/** One for all dialects, which are ready or not together. */
export function createReadinessCheck(context: ApiContext): ReadinessCheck {
  let wasReady = false
  return async () => {
    await assertReady(context, wasReady)
    wasReady = true
  }
}
