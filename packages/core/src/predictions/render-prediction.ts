import { isTerminal, type JsonText, type Prediction } from './prediction.js'

export interface RenderOptions {
  /** Input and output as JSON text, null where there is none or retention removed it. */
  input: JsonText | null
  output: JsonText | null
  /** Root of the predictions dialect as the caller reaches it, for example `http://127.0.0.1:8000/api/v1`. */
  baseUrl: string
  /** Open predictions of the same version that came before; only asked for while it waits. */
  queuePosition?: number | null
}

/** Text of one member, or nothing where the value is not there. */
type Member = string

const json = JSON.stringify
const time = (name: string, timeMs: number | null): Member =>
  timeMs === null ? '' : `"${name}":"${new Date(timeMs).toISOString()}",`
const seconds = (fromMs: number, toMs: number) => Math.max(0, toMs - fromMs) / 1000

function metricsOf({ status, createdAt, startedAt, completedAt }: Prediction): Member {
  if (completedAt === null || !isTerminal(status)) return ''
  const predict = startedAt === null ? '' : `"predict_time":${seconds(startedAt, completedAt)},`
  return `"metrics":{${predict}"total_time":${seconds(createdAt, completedAt)}},`
}

function provenanceOf({ provenance, attempt, createdAt, startedAt }: Prediction): Member {
  if (provenance === null || startedAt === null) return ''
  const queueMs = Math.max(0, startedAt - createdAt)
  return `"provenance":{"attempt":${attempt},"queue_ms":${queueMs},${provenance.slice(1)},`
}

function webhookOf({ webhook, webhookEvents }: Prediction): Member {
  return webhook === null ? '' : `"webhook":${json(webhook)},"webhook_events_filter":${json(webhookEvents)},`
}

function queuePositionOf({ status }: Prediction, position: number | null | undefined): Member {
  return status === 'starting' && position !== undefined ? `"queue_position":${position},` : ''
}

/**
 * The public form of a prediction as JSON text: what `GET` answers and what webhooks carry. Put together as text, for
 * input and output are text already, and parsing and encoding them again would cost more than all the rest.
 */
export function renderPrediction(prediction: Prediction, options: RenderOptions): JsonText {
  const { id, model, version, label, status, error, errorCode } = prediction
  const url = json(`${options.baseUrl}/predictions/${id}`)
  return (
    `{"id":"${id}","model":${json(model)},"version":"${version}","version_label":${json(label)},"status":"${status}",` +
    `"input":${options.input ?? 'null'},"output":${options.output ?? 'null'},` +
    `"error":${json(error)},${errorCode === null ? '' : `"error_code":"${errorCode}",`}` +
    `"logs":"","source":"api","data_removed":${prediction.dataRemoved},` +
    time('created_at', prediction.createdAt) +
    time('started_at', prediction.startedAt) +
    time('completed_at', prediction.completedAt) +
    metricsOf(prediction) +
    provenanceOf(prediction) +
    queuePositionOf(prediction, options.queuePosition) +
    webhookOf(prediction) +
    `"urls":{"get":${url},"cancel":${url.slice(0, -1)}/cancel","web":${url}}}`
  )
}
