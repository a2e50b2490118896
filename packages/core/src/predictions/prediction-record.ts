import type { PredictionId } from '../ids.js'
import { isWebhookEvent } from '../webhooks/webhook-events.js'
import {
  type Payload,
  type Prediction,
  predictionClasses,
  predictionErrorCodes,
  predictionStatuses,
} from './prediction.js'

/** The fields of a record's hash, as Redis answers them. */
export type RecordFields = Record<string, string>

/** Pairs as scripts return them: field, value, field, value, … */
export function fieldsOf(pairs: readonly string[]): RecordFields {
  const fields: RecordFields = {}
  for (let i = 0; i + 1 < pairs.length; i += 2) fields[pairs[i] ?? ''] = pairs[i + 1] ?? ''
  return fields
}

function oneOf<T extends string>(allowed: readonly T[], value: string | undefined, field: string): T {
  const found = allowed.find((word) => word === value)
  if (found === undefined) throw new Error(`prediction record holds an unknown ${field}`)
  return found
}

function payloadOf(fields: RecordFields, name: 'input' | 'output'): Payload | null {
  const json = fields[name]
  if (json !== undefined) return { kind: 'inline', json }
  const key = fields[`${name}_key`]
  return key === undefined ? null : { kind: 'stored', key }
}

const timeOf = (value: string | undefined) => (value === undefined ? null : Number(value))

/** @throws Error when a field holds what no version of this program wrote. */
export function decodeRecord(id: PredictionId, fields: RecordFields): Prediction {
  return {
    id,
    tenant: fields.tenant ?? '',
    model: fields.model ?? '',
    version: fields.version ?? '',
    label: fields.label ?? '',
    class: oneOf(predictionClasses, fields.class, 'class'),
    status: oneOf(predictionStatuses, fields.status, 'status'),
    input: payloadOf(fields, 'input'),
    output: payloadOf(fields, 'output'),
    error: fields.error ?? null,
    errorCode:
      fields.error_code === undefined ? null : oneOf(predictionErrorCodes, fields.error_code, 'error code'),
    createdAt: Number(fields.created_at),
    startedAt: timeOf(fields.started_at),
    completedAt: timeOf(fields.completed_at),
    dataRemoved: fields.data_removed === '1',
    webhook: fields.webhook ?? null,
    webhookEvents: (fields.webhook_events ?? '').split(',').filter(isWebhookEvent),
    attempt: Number(fields.attempt ?? 0),
    token: fields.token ?? '',
    epoch: Number(fields.epoch ?? 0),
  }
}

/** Field and value pairs of a prediction that was not claimed yet. */
export function encodeRecord(prediction: Prediction): string[] {
  const { input, webhook } = prediction
  const pairs = ['tenant', prediction.tenant, 'model', prediction.model, 'version', prediction.version]
  pairs.push('label', prediction.label, 'class', prediction.class, 'status', prediction.status)
  pairs.push('created_at', String(prediction.createdAt), 'epoch', String(prediction.epoch))
  pairs.push('token', prediction.token)
  if (input?.kind === 'inline') pairs.push('input', input.json)
  if (input?.kind === 'stored') pairs.push('input_key', input.key)
  if (webhook !== null) pairs.push('webhook', webhook, 'webhook_events', prediction.webhookEvents.join(','))
  return pairs
}

/** What the queue needs to know of a prediction. */
export type PredictionHead = Pick<Prediction, 'id' | 'status' | 'epoch' | 'class'>

/** From the fields `status`, `epoch` and `class`; null when there is no record. */
export function decodeHead(id: PredictionId, fields: readonly (string | null)[]): PredictionHead | null {
  const [status, epoch, predictionClass] = fields
  if (status == null) return null
  return {
    id,
    status: oneOf(predictionStatuses, status, 'status'),
    epoch: Number(epoch ?? 0),
    class: oneOf(predictionClasses, predictionClass ?? undefined, 'class'),
  }
}
