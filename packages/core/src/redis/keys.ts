import { type ModelTag, type PredictionId, tagOfId } from '../ids.js'
import type { VersionId } from '../models/version.js'

/**
 * Every key name in Redis. The part in braces is the Redis Cluster hash tag: what one script touches shares it.
 * `{<model tag>}` holds records, queues and open indexes; `{tenant:…}` lists, quotas and idempotency; `{catalogue}` versions.
 */
export function createKeys(prefix: string) {
  const ofModel = (tag: ModelTag) => `${prefix}:{${tag}}`
  const ofTenant = (tenant: string) => `${prefix}:{tenant:${tenant}}`
  return {
    /** BullMQ's prefix for the queues of one model. */
    queuePrefix: ofModel,
    /** BullMQ's prefix for the delivery queue. */
    deliveryQueuePrefix: `${prefix}:{webhooks}`,
    /** Hash: the prediction record. */
    record: (id: PredictionId) => `${ofModel(tagOfId(id))}:prediction:${id}`,
    /** Sorted set by creation time: predictions of a version that have not ended. */
    open: (tag: ModelTag, version: VersionId) => `${ofModel(tag)}:open:${version}`,
    /** Hash: accepted, succeeded, failed, canceled. */
    counts: (tag: ModelTag, version: VersionId) => `${ofModel(tag)}:counts:${version}`,
    /** Sorted set by end time: ended predictions whose data is still kept. */
    retained: (tag: ModelTag) => `${ofModel(tag)}:retained`,
    /** Sorted set by creation time: deliveries that have not ended. */
    outbox: (tag: ModelTag) => `${ofModel(tag)}:outbox`,
    /** Hash: one delivery. */
    delivery: (tag: ModelTag, deliveryId: string) => `${ofModel(tag)}:delivery:${deliveryId}`,
    /** Held by the worker that reconciles this model. */
    reconcilerLease: (tag: ModelTag) => `${ofModel(tag)}:reconciler`,
    /** How far each version's open index has been looked through. */
    reconcilerProgress: (tag: ModelTag) => `${ofModel(tag)}:reconciler:progress`,
    /** JSON: the newest audit of a version. */
    audit: (tag: ModelTag, version: VersionId) => `${ofModel(tag)}:audit:${version}`,
    /** Set: tenants that have had predictions. */
    tenants: `${prefix}:{tenants}`,
    /** Sorted set, all scores 0: ids, which order themselves by time. */
    tenantPredictions: (tenant: string) => `${ofTenant(tenant)}:predictions`,
    /** Set: ids of predictions that have not ended. */
    tenantOpen: (tenant: string) => `${ofTenant(tenant)}:open`,
    idempotency: (tenant: string, digest: string) => `${ofTenant(tenant)}:idempotency:${digest}`,
    /** Hash: version id → what workers published about it. */
    versions: `${prefix}:{catalogue}:versions`,
    /** Set of worker ids; each has a presence key that expires. */
    workers: `${prefix}:{catalogue}:workers`,
    presence: (worker: string) => `${prefix}:{catalogue}:worker:${worker}`,
    /** Hash: one API key. */
    apiKey: (id: string) => `${prefix}:{access}:key:${id}`,
    /** Sorted set by creation time: ids of API keys. */
    apiKeys: `${prefix}:{access}:keys`,
    /** What counters of wrong keys begin with, one for each address. */
    failedAttempts: `${prefix}:failed-attempts`,
    /** What counters of requests begin with, one for each caller. */
    requestRate: `${prefix}:request-rate`,
    /** Stream: who changed what. */
    auditLog: `${prefix}:{access}:audit`,
    /** Channel: the prediction ended. */
    endedChannel: (id: PredictionId) => `${prefix}:ended:${id}`,
    /** What `endedChannel` begins with; scripts append the id. */
    endedChannelPrefix: `${prefix}:ended:`,
    /** Channel: ids of cancelled predictions of one model, for workers that may be running them. */
    canceledChannel: (tag: ModelTag) => `${prefix}:canceled:${tag}`,
  }
}

export type Keys = ReturnType<typeof createKeys>
