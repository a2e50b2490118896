import { modelTag } from '@augur/core/ids'
import type { CatalogueVersion } from '@augur/core/models/catalogue'
import { readAudit } from '@augur/core/reconciler/publish-audit'
import { isRedisUnavailable } from '@augur/core/redis/connection'
import { Hono } from 'hono'
import type { ApiEnv } from '../api-app.js'
import { allow } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { guards, requestHeaders } from '../json-response.js'

async function measureVersion(context: ApiContext, { id, model, label }: CatalogueVersion): Promise<void> {
  const target = { model, version: id }
  const [counts, chunks] = await Promise.all([
    context.predictions.counts(modelTag(model), id),
    context.chunkQueues.depth(target),
  ])
  const { accepted, open, succeeded, failed, canceled, oldestOpenAt } = counts
  const labels = { model, label }
  const oldestMs = oldestOpenAt === null ? 0 : Math.max(0, context.now() - oldestOpenAt)
  context.metrics.openPredictions.set(labels, open)
  context.metrics.oldestOpenSeconds.set(labels, oldestMs / 1000)
  context.metrics.queueDepth.set({ ...labels, queue: 'predictions' }, open)
  context.metrics.queueDepth.set({ ...labels, queue: 'batches' }, chunks)
  context.metrics.auditGap.set(labels, accepted - open - succeeded - failed - canceled)
  const audit = await readAudit(context, modelTag(model), id)
  if (audit === null) return
  context.metrics.unaccounted.set({ ...labels, missing: 'record' }, audit.openWithoutRecord)
  context.metrics.unaccounted.set({ ...labels, missing: 'job' }, audit.openWithoutJob)
}

/** Sets the gauges of every version. Without Redis there are none: a number of yesterday would be a lie. */
async function measurePredictions(context: ApiContext): Promise<void> {
  const { openPredictions, oldestOpenSeconds, queueDepth, auditGap, unaccounted } = context.metrics
  for (const gauge of [openPredictions, oldestOpenSeconds, queueDepth, auditGap, unaccounted]) gauge.reset()
  context.metrics.redisMemoryUse.set(context.memory.use)
  const versions = context.catalogue.current?.versions ?? []
  try {
    await Promise.all(versions.map((version) => measureVersion(context, version)))
  } catch (error) {
    if (!isRedisUnavailable(error)) throw error
  }
}

export function metricsRoutes(context: ApiContext): Hono<ApiEnv> {
  const { registry } = context.metrics
  const routes = new Hono<ApiEnv>()
  routes.get('/metrics', async (c) => {
    allow(c, 'admin', ['text/plain'])
    await measurePredictions(context)
    const headers = { ...requestHeaders(c), ...guards, 'content-type': registry.contentType }
    return c.body(await registry.metrics(), 200, headers)
  })
  return routes
}
