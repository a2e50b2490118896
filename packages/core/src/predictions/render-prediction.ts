import type { Waiting } from './explain-waiting.js'
import type { Tickets } from '../access/tickets.js'
import { isTerminal, type JsonText, type Prediction } from './prediction.js'

export interface RenderOptions {
  /** Input and output as JSON text, null where there is none or retention removed it. */
  input: JsonText | null
  output: JsonText | null
  /** Root of the predictions dialect as the caller reaches it, for example `http://127.0.0.1:8000/api/v1`. */
  baseUrl: string
  /** Sign the URL of its stream, which is fetched without a key. */
  tickets: Pick<Tickets, 'issue'>
  /** Left out where nobody asked, as for a prediction that does not wait. */
  waiting?: Waiting
}

type AroundOptions = Omit<RenderOptions, 'input' | 'output'>

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

function waitingOf({ status }: Prediction, waiting: Waiting | undefined): Member {
  if (status !== 'starting' || waiting === undefined) return ''
  const { queuePosition, estimatedStartAt, reason } = waiting
  const start = estimatedStartAt === null ? null : new Date(estimatedStartAt).toISOString()
  return `"queue_position":${queuePosition},"estimated_start":${json(start)},"waiting_reason":"${reason}",`
}

/** A shadow is nothing that its caller sees. */
function trialOf({ trial, feedback }: Prediction): Member {
  const rollout =
    trial === null || trial.part === 'shadow'
      ? ''
      : `"rollout":{"trial":"${trial.id}","arm":"${trial.part}"},`
  if (feedback === undefined) return rollout
  const { label, score } = feedback
  return `${rollout}"feedback":${json({ label, score })},`
}

function termsOf({ expiresAt, deadlineAt, metadata, retriedFrom }: Prediction): Member {
  const words = metadata === null ? '' : `"metadata":${json(metadata)},`
  const repeated = retriedFrom === null ? '' : `"retried_from":"${retriedFrom}",`
  return time('expires_at', expiresAt) + time('deadline', deadlineAt) + words + repeated
}

/** It opens this stream for as long as there is one: the text is the same whenever and wherever it is made. */
function streamUrl({ id, tenant }: Prediction, { baseUrl, tickets }: AroundOptions): JsonText {
  const ticket = tickets.issue({ purpose: 'stream', id, tenant, expiresAt: null })
  return json(`${baseUrl}/predictions/${id}/stream?ticket=${ticket}`)
}

/** From the beginning to the text of the input. */
function headOf({ id, model, version, label, status }: Prediction): JsonText {
  return `{"id":"${id}","model":${json(model)},"version":"${version}","version_label":${json(label)},"status":"${status}","input":`
}

const between = ',"output":'

/** From the text of the output to the end. */
function tailOf(prediction: Prediction, options: AroundOptions): JsonText {
  const { id, model, error, errorCode } = prediction
  const url = json(`${options.baseUrl}/predictions/${id}`)
  return (
    `,"error":${json(error)},${errorCode === null ? '' : `"error_code":"${errorCode}",`}` +
    `"logs":${json(prediction.logs)},"source":"api","data_removed":${prediction.dataRemoved},` +
    time('created_at', prediction.createdAt) +
    time('started_at', prediction.startedAt) +
    time('completed_at', prediction.completedAt) +
    termsOf(prediction) +
    (prediction.deployment ? `"deployment":${json(model)},` : '') +
    trialOf(prediction) +
    metricsOf(prediction) +
    provenanceOf(prediction) +
    waitingOf(prediction, options.waiting) +
    webhookOf(prediction) +
    `"urls":{"get":${url},"cancel":${url.slice(0, -1)}/cancel","web":${url},"stream":${streamUrl(prediction, options)}}}`
  )
}

/**
 * The public form of a prediction as JSON text: what `GET` answers and what webhooks carry. Put together as text, for
 * input and output are text already, and parsing and encoding them again would cost more than all the rest.
 */
export function renderPrediction(prediction: Prediction, options: RenderOptions): JsonText {
  const { input, output } = options
  return headOf(prediction) + (input ?? 'null') + between + (output ?? 'null') + tailOf(prediction, options)
}

/** The same in pieces, around an input and an output that are no text yet. */
export function renderPieces<P>(
  prediction: Prediction,
  options: AroundOptions & { input: P; output: P },
): (JsonText | P)[] {
  return [headOf(prediction), options.input, between, options.output, tailOf(prediction, options)]
}
