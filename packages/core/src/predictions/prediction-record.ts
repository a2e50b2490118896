import type { PredictionId } from '../ids.js'
import { type Payload, type Prediction, predictionErrorCodes, predictionStatuses } from './prediction.js'

/** The fields of a record's hash, as Redis answers them. */
export type RecordFields = Record<string, string>

/** What a caller asked for: it never changes, so it is one field of the record. */
type Request = Pick<
  Prediction,
  'tenant' | 'model' | 'version' | 'label' | 'class' | 'form' | 'createdAt' | 'webhook' | 'webhookEvents'
>

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

/**
 * The record's own text, written by `encodeRecord` and by nobody else.
 * @throws Error when it is missing, as it is not in any record that was created
 */
function requestOf(text: string | undefined): Request {
  if (text === undefined) throw new Error('prediction record holds no request')
  const request: Request = JSON.parse(text)
  return request
}

/** @throws Error when a field holds what no version of this program wrote. */
export function decodeRecord(id: PredictionId, fields: RecordFields): Prediction {
  return {
    id,
    ...requestOf(fields.request),
    status: oneOf(predictionStatuses, fields.status, 'status'),
    input: payloadOf(fields, 'input'),
    output: payloadOf(fields, 'output'),
    error: fields.error ?? null,
    errorCode:
      fields.error_code === undefined ? null : oneOf(predictionErrorCodes, fields.error_code, 'error code'),
    startedAt: timeOf(fields.started_at),
    completedAt: timeOf(fields.completed_at),
    provenance: fields.provenance ?? null,
    dataRemoved: fields.data_removed === '1',
    attempt: Number(fields.attempt ?? 0),
    token: fields.token ?? '',
    epoch: Number(fields.epoch ?? 0),
  }
}

/** Field and value pairs of a prediction that was not claimed yet. */
export function encodeRecord(prediction: Prediction): string[] {
  const { tenant, model, version, label, form, createdAt, webhook, webhookEvents, input } = prediction
  const request: Request = {
    tenant,
    model,
    version,
    label,
    class: prediction.class,
    form,
    createdAt,
    webhook,
    webhookEvents: webhook === null ? [] : webhookEvents,
  }
  const pairs = ['request', JSON.stringify(request), 'status', prediction.status]
  pairs.push('epoch', String(prediction.epoch))
  if (input?.kind === 'inline') pairs.push('input', input.json)
  if (input?.kind === 'stored') pairs.push('input_key', input.key)
  return pairs
}

/** What the queue needs to know of a prediction. */
export type PredictionHead = Pick<Prediction, 'id' | 'status' | 'epoch' | 'class'>

/** From the fields `status`, `epoch` and `request`; null when there is no record. */
export function decodeHead(id: PredictionId, fields: readonly (string | null)[]): PredictionHead | null {
  const [status, epoch, request] = fields
  if (status == null) return null
  return {
    id,
    status: oneOf(predictionStatuses, status, 'status'),
    epoch: Number(epoch ?? 0),
    class: requestOf(request ?? undefined).class,
  }
}
