import type { FileStore } from '../files/file-store.js'
import { longestBatchMs } from '../batches/batch.js'
import { isFileId, isPredictionId, timeOfId } from '../ids.js'
import type { PayloadEntry, PayloadStore } from '../payloads/payload-store.js'
import type { PredictionStore } from '../predictions/prediction-store.js'
import type { DeliveryStore } from '../webhooks/delivery-store.js'

interface OrphanContext {
  payloadStore: PayloadStore
  predictions: PredictionStore
  files: FileStore
  deliveryStore: Pick<DeliveryStore, 'bodyKey'>
  /** How long the lines and results of a batch are kept after its end. */
  dataRetentionMs: number
  now(): number
}

/** Far longer than it takes from the write of a payload to that of the record which refers to it. */
const graceMs = 3_600_000
const atATime = 100

const ofPrediction = /^[^/]+\/[^/]+\/([^/.]+)\.(?:input|output)\.\d+\.json$/
const ofDelivery = /^[^/]+\/[^/]+\/(([^/.]+)\.[^/.]+)\.body\.[^/.]+\.json$/
const ofBatch = /^batches\/[^/]+\/([^/]+)\//
const ofFile = /^files\/([^/]+)\/[^/]+\/([^/.]+)$/
const unfinished = /\.[0-9a-f]{12}\.tmp$/

/**
 * Removes payloads that no record refers to: what crashes left, and attempts that lost their claim. Whatever has no name
 * that it knows stays. Returns how many went.
 */
export async function removeOrphanPayloads(context: OrphanContext): Promise<number> {
  const dueMs = context.now() - graceMs
  let removed = 0
  let page: string[] = []
  const look = async () => {
    const keys = page
    page = []
    const gone = await Promise.all(keys.map((key) => removeOrphan(context, key)))
    removed += gone.filter(Boolean).length
  }
  for await (const { key, writtenAt } of context.payloadStore.list()) {
    if (isDue({ key, writtenAt }, dueMs)) page.push(key)
    if (page.length === atATime) await look()
  }
  await look()
  return removed
}

const isDue = ({ writtenAt }: PayloadEntry, dueMs: number) => writtenAt < dueMs

async function removeOrphan(context: OrphanContext, key: string): Promise<boolean> {
  if (!(await isOrphan(context, key))) return false
  await context.payloadStore.delete(key)
  return true
}

async function isOrphan(
  { predictions, deliveryStore, files, dataRetentionMs, now }: OrphanContext,
  key: string,
): Promise<boolean> {
  if (unfinished.test(key)) return true
  const [, prediction = ''] = ofPrediction.exec(key) ?? []
  if (isPredictionId(prediction)) return !(await predictions.payloadKeys(prediction)).includes(key)
  const [, delivery = '', ofEvent = ''] = ofDelivery.exec(key) ?? []
  if (isPredictionId(ofEvent)) return (await deliveryStore.bodyKey(delivery)) !== key
  const [, batch = ''] = ofBatch.exec(key) ?? []
  if (isPredictionId(batch)) return timeOfId(batch) < now() - longestBatchMs - dataRetentionMs
  const [, tenant = '', file = ''] = ofFile.exec(key) ?? []
  return isFileId(file) && !(await files.isAnnounced(tenant, file))
}
