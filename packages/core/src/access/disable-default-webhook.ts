import type { PredictionStore } from '../predictions/prediction-store.js'
import { predictionOfDelivery } from '../webhooks/delivery.js'
import type { ApiKeyStore } from './api-key-store.js'
import type { AuditLog } from './audit-log.js'

export interface DisableWebhookContext {
  apiKeys: Pick<ApiKeyStore, 'read' | 'update'>
  auditLog: Pick<AuditLog, 'addTo'>
  predictions: Pick<PredictionStore, 'read'>
  now(): number
}

/**
 * Takes a webhook away that is the default of the key which created a prediction: its receiver answered 410 and wants
 * no more. A webhook that a create named is nobody's default, and stays what it is.
 */
export async function disableDefaultWebhook(
  { apiKeys, auditLog, predictions, now }: DisableWebhookContext,
  delivery: string,
  url: string,
): Promise<void> {
  const prediction = await predictions.read(predictionOfDelivery(delivery))
  const keyId = prediction?.keyId ?? null
  const key = keyId === null ? null : await apiKeys.read(keyId)
  if (key === null || key.webhook?.url !== url) return
  const event = {
    action: 'key.update' as const,
    target: key.id,
    actor: 'worker',
    tenant: key.tenant,
    address: '',
    detail: { webhook: null, reason: 'its receiver answered 410' },
  }
  await apiKeys.update(key.id, { webhook: null }, (transaction) => auditLog.addTo(transaction, event, now()))
}
