import {
  type BatchId,
  type FileId,
  type ModelTag,
  type PredictionId,
  type ReplayId,
  tagOfId,
} from '../ids.js'
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
    /** Sorted set by that time: predictions that are given up at a time unless they began or ended. */
    due: (tag: ModelTag) => `${ofModel(tag)}:due`,
    /** Hash: the batch record. */
    batch: (id: BatchId) => `${ofModel(tagOfId(id))}:batch:${id}`,
    /** Hash: what is known of each chunk of a batch, as `<number>:<field>`. */
    batchChunks: (id: BatchId) => `${ofModel(tagOfId(id))}:batch:${id}:chunks`,
    /** Sorted set by creation time: batches of a version that have not ended. */
    openBatches: (tag: ModelTag, version: VersionId) => `${ofModel(tag)}:open-batches:${version}`,
    /** Sorted set by end time: ended batches whose data is still kept. */
    retainedBatches: (tag: ModelTag) => `${ofModel(tag)}:retained-batches`,
    /** Hash: folder of chunks that belong to no batch yet → how many they are and when the first was written. */
    batchUploads: (tag: ModelTag) => `${ofModel(tag)}:batch-uploads`,
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
    /** Hash: what an arm of a trial did so far. */
    arm: (tag: ModelTag, trial: string, arm: string) => `${ofModel(tag)}:trial:${trial}:${arm}`,
    /** List: its newest outcomes, newest first. */
    armFeedback: (tag: ModelTag, trial: string, arm: string) =>
      `${ofModel(tag)}:trial:${trial}:${arm}:feedback`,
    armRecent: (tag: ModelTag, trial: string, arm: string) => `${ofModel(tag)}:trial:${trial}:${arm}:recent`,
    /** Hash: how the pairs of a shadow, or of a replay, compare so far. */
    shadow: (tag: ModelTag, trial: string) => `${ofModel(tag)}:trial:${trial}:shadow`,
    /** List: its newest pairs, newest first. */
    shadowRecent: (tag: ModelTag, trial: string) => `${ofModel(tag)}:trial:${trial}:shadow:recent`,
    /** Sorted set by how bad it is: predictions that the candidate answered otherwise. */
    shadowWorst: (tag: ModelTag, trial: string) => `${ofModel(tag)}:trial:${trial}:shadow:worst`,
    /** JSON: what a replay was asked for. */
    replay: (id: ReplayId) => `${ofModel(tagOfId(id))}:replay:${id}`,
    /** Set: tenants that have had predictions. */
    tenants: `${prefix}:{tenants}`,
    /** Held by the worker that looks after what all tenants have. */
    tenantsLease: `${prefix}:{tenants}:lease`,
    /** Sorted set, all scores 0: ids, which order themselves by time. */
    tenantPredictions: (tenant: string) => `${ofTenant(tenant)}:predictions`,
    /** Sorted set by queue and class: predictions that have not ended. */
    tenantOpen: (tenant: string) => `${ofTenant(tenant)}:open-predictions`,
    /** Sorted set by key: those of them that count for a key with a limit of its own. */
    tenantOpenByKey: (tenant: string) => `${ofTenant(tenant)}:open-by-key`,
    /** Sorted set, all scores 0: ids of batches. */
    tenantBatches: (tenant: string) => `${ofTenant(tenant)}:batches`,
    /** Set: ids of batches that have not ended; may hold ended ones for a while. */
    tenantOpenBatches: (tenant: string) => `${ofTenant(tenant)}:open-batches`,
    /** Sorted set by that time: ids of deliveries that were given up. */
    deadLetters: (tenant: string) => `${ofTenant(tenant)}:dead-letters`,
    /** Sorted set, all scores 0: ids of deliveries of events that no prediction has, such as tests. */
    tenantOwnDeliveries: (tenant: string) => `${ofTenant(tenant)}:own-deliveries`,
    idempotency: (tenant: string, digest: string) => `${ofTenant(tenant)}:idempotency:${digest}`,
    /** Hash: the record of a file, and its size. */
    file: (tenant: string, id: FileId) => `${ofTenant(tenant)}:file:${id}`,
    /** Sorted set, all scores 0: ids of files, which order themselves by time. */
    files: (tenant: string) => `${ofTenant(tenant)}:files`,
    /** Hash: how many files the tenant has, and their bytes. */
    fileUsage: (tenant: string) => `${ofTenant(tenant)}:file-usage`,
    /** Sorted set by expiry time: `tenant/id` of every file whose bytes may be stored. */
    fileExpiries: `${prefix}:{files}:expiries`,
    /** Held by the worker that removes what nobody needs from the payload store. */
    payloadSweepLease: `${prefix}:{files}:sweep`,
    /** Hash: version id → what workers published about it. */
    versions: `${prefix}:{catalogue}:versions`,
    /** Hash: version id → what its verification says of it. */
    verifications: `${prefix}:{catalogue}:verifications`,
    /** Hash: `owner/name` → how the model's traffic is divided. */
    rollouts: `${prefix}:{catalogue}:rollouts`,
    /** Stream: what was changed about a model's rollout, by whom and why. */
    rolloutHistory: (model: string) => `${prefix}:{catalogue}:rollout-history:${model}`,
    /** Hash: delivery id → the rollout that a guardrail stopped and of which nobody was told yet. */
    untoldStops: `${prefix}:{catalogue}:rollouts:untold-stops`,
    /** Sorted set by time: versions whose shadow queue was given something then. */
    shadowed: `${prefix}:{catalogue}:shadowed`,
    /** Set: ids of versions that take no new predictions. */
    drainingVersions: `${prefix}:{catalogue}:versions:draining`,
    /** Set: models, as `owner/name`, that nobody is to serve. */
    unloadedModels: `${prefix}:{catalogue}:versions:unloaded`,
    /** Channel: what operators want of models has changed. */
    desiredChannel: `${prefix}:{catalogue}:versions:desired`,
    /** Set of worker ids; each has a presence key that expires. */
    workers: `${prefix}:{catalogue}:workers`,
    presence: (worker: string) => `${prefix}:{catalogue}:worker:${worker}`,
    /** Hash: one API key. */
    apiKey: (id: string) => `${prefix}:{access}:key:${id}`,
    /** Sorted set by creation time: ids of API keys. */
    apiKeys: `${prefix}:{access}:keys`,
    /** JSON: the secrets that a tenant's webhooks are signed with, sealed. */
    webhookSecrets: (tenant: string) => `${prefix}:{access}:webhook-secrets:${tenant}`,
    /** What counters of wrong keys begin with, one for each address. */
    failedAttempts: `${prefix}:failed-attempts`,
    /** What counters of requests begin with, one for each caller. */
    requestRate: `${prefix}:request-rate`,
    /** Stream: who changed what. */
    auditLog: `${prefix}:{access}:audit`,
    /** Channel: the prediction ended, or the batch moved on. */
    endedChannel: (id: PredictionId) => `${prefix}:ended:${id}`,
    /** What `endedChannel` begins with; scripts append the id. */
    endedChannelPrefix: `${prefix}:ended:`,
    /** Channel: ids of cancelled predictions and stopped batches of one model, for workers that may be running them. */
    canceledChannel: (tag: ModelTag) => `${prefix}:canceled:${tag}`,
  }
}

export type Keys = ReturnType<typeof createKeys>
