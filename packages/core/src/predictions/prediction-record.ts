import type { PredictionId } from '../ids.js'
import {
  firstDueAt,
  type Payload,
  type Prediction,
  predictionErrorCodes,
  predictionStatuses,
  type PredictionTerms,
} from './prediction.js'

/** The fields of a record's hash, as Redis answers them. */
export type RecordFields = Record<string, string>

/** What a caller asked for: it never changes, so it is one field of the record. Terms that are null are left out. */
type Request = Pick<
  Prediction,
  | 'tenant'
  | 'model'
  | 'version'
  | 'label'
  | 'class'
  | 'form'
  | 'remote'
  | 'sharedJob'
  | 'deployment'
  | 'traceparent'
  | 'createdAt'
  | 'webhook'
  | 'webhookEvents'
> &
  Partial<PredictionTerms>

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

/**
 * Written out whole: every read of a record passes here, and putting it together from parts costs more than reading it.
 * @throws Error when a field holds what no version of this program wrote
 */
export function decodeRecord(id: PredictionId, fields: RecordFields): Prediction {
  const request = requestOf(fields.request)
  const prediction: Prediction = {
    id,
    tenant: request.tenant,
    keyId: request.keyId ?? null,
    model: request.model,
    version: request.version,
    label: request.label,
    class: request.class,
    form: request.form,
    status: oneOf(predictionStatuses, fields.status, 'status'),
    input: payloadOf(fields, 'input'),
    output: payloadOf(fields, 'output'),
    error: fields.error ?? null,
    errorCode:
      fields.error_code === undefined ? null : oneOf(predictionErrorCodes, fields.error_code, 'error code'),
    logs: fields.logs ?? '',
    createdAt: request.createdAt,
    startedAt: timeOf(fields.started_at),
    completedAt: timeOf(fields.completed_at),
    expiresAt: request.expiresAt ?? null,
    deadlineAt: request.deadlineAt ?? null,
    timeoutMs: request.timeoutMs ?? null,
    metadata: request.metadata ?? null,
    retriedFrom: request.retriedFrom ?? null,
    trial: request.trial ?? null,
    provenance: fields.provenance ?? null,
    dataRemoved: fields.data_removed === '1',
    webhook: request.webhook,
    webhookEvents: request.webhookEvents,
    attempt: Number(fields.attempt ?? 0),
    token: fields.token ?? '',
    epoch: Number(fields.epoch ?? 0),
  }
  if (request.remote) prediction.remote = true
  if (request.sharedJob !== undefined) prediction.sharedJob = request.sharedJob
  if (request.deployment) prediction.deployment = true
  if (request.traceparent !== undefined) prediction.traceparent = request.traceparent
  // Written by `give-feedback.lua`, and by nobody else.
  if (fields.feedback !== undefined) prediction.feedback = JSON.parse(fields.feedback)
  return prediction
}

/** The record that is told to whoever waits for its end; null where the message tells none. */
export function decodePublished(id: PredictionId, message: string): Prediction | null {
  if (!message.startsWith('[')) return null
  const pairs: string[] = JSON.parse(message)
  const fields: RecordFields = {}
  for (let i = 1; i < pairs.length; i += 2) fields[pairs[i - 1] ?? ''] = pairs[i] ?? ''
  return decodeRecord(id, fields)
}

/** Field and value pairs of a prediction that was not claimed yet. */
export function encodeRecord(prediction: Prediction): string[] {
  const { webhook, input } = prediction
  // What is undefined is left out of the text.
  const request: { [K in keyof Request]: Request[K] | undefined } = {
    tenant: prediction.tenant,
    model: prediction.model,
    version: prediction.version,
    label: prediction.label,
    class: prediction.class,
    form: prediction.form,
    remote: prediction.remote,
    sharedJob: prediction.sharedJob,
    deployment: prediction.deployment,
    traceparent: prediction.traceparent,
    createdAt: prediction.createdAt,
    webhook,
    webhookEvents: webhook === null ? [] : prediction.webhookEvents,
    expiresAt: prediction.expiresAt ?? undefined,
    deadlineAt: prediction.deadlineAt ?? undefined,
    timeoutMs: prediction.timeoutMs ?? undefined,
    metadata: prediction.metadata ?? undefined,
    retriedFrom: prediction.retriedFrom ?? undefined,
    keyId: prediction.keyId ?? undefined,
    trial: prediction.trial ?? undefined,
  }
  const pairs = ['request', JSON.stringify(request), 'status', prediction.status]
  pairs.push('epoch', String(prediction.epoch))
  const claimBefore = firstDueAt(prediction)
  if (claimBefore !== null) pairs.push('claim_before', String(claimBefore))
  if (input?.kind === 'inline') pairs.push('input', input.json)
  if (input?.kind === 'stored') pairs.push('input_key', input.key)
  return pairs
}

/** What the queue and the quotas need to know of a prediction. */
export type PredictionHead = Pick<
  Prediction,
  'id' | 'status' | 'epoch' | 'tenant' | 'version' | 'class' | 'keyId' | 'deadlineAt' | 'remote' | 'sharedJob'
>

/** From the fields `status`, `epoch` and `request`; null when there is no record. */
export function decodeHead(id: PredictionId, fields: readonly (string | null)[]): PredictionHead | null {
  const [status, epoch, request] = fields
  if (status == null) return null
  const { keyId = null, deadlineAt = null, ...known } = requestOf(request ?? undefined)
  const { tenant, version, class: predictionClass, remote, sharedJob } = known
  return {
    id,
    status: oneOf(predictionStatuses, status, 'status'),
    epoch: Number(epoch ?? 0),
    tenant,
    version,
    class: predictionClass,
    ...(remote && { remote }),
    ...(sharedJob !== undefined && { sharedJob }),
    keyId,
    deadlineAt,
  }
}
