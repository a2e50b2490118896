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

const isoTime = (timeMs: number) => new Date(timeMs).toISOString()
const seconds = (fromMs: number, toMs: number) => Math.max(0, toMs - fromMs) / 1000

function metricsOf({ createdAt, startedAt, completedAt }: Prediction) {
  if (completedAt === null) return undefined
  return {
    ...(startedAt !== null && { predict_time: seconds(startedAt, completedAt) }),
    total_time: seconds(createdAt, completedAt),
  }
}

function times({ createdAt, startedAt, completedAt }: Prediction) {
  return {
    created_at: isoTime(createdAt),
    ...(startedAt !== null && { started_at: isoTime(startedAt) }),
    ...(completedAt !== null && { completed_at: isoTime(completedAt) }),
  }
}

/**
 * The public form of a prediction as JSON text: what `GET` answers and what webhooks carry.
 * Input and output are spliced in as the text they are, since parsing and encoding them again costs more than the rest.
 */
export function renderPrediction(prediction: Prediction, options: RenderOptions): JsonText {
  const url = `${options.baseUrl}/predictions/${prediction.id}`
  const metrics = metricsOf(prediction)
  const head = JSON.stringify({
    id: prediction.id,
    model: prediction.model,
    version: prediction.version,
    version_label: prediction.label,
    status: prediction.status,
  })
  const tail = JSON.stringify({
    error: prediction.error,
    ...(prediction.errorCode !== null && { error_code: prediction.errorCode }),
    logs: '',
    source: 'api',
    data_removed: prediction.dataRemoved,
    ...times(prediction),
    ...(isTerminal(prediction.status) && metrics && { metrics }),
    ...(prediction.status === 'starting' &&
      options.queuePosition !== undefined && { queue_position: options.queuePosition }),
    ...(prediction.webhook !== null && {
      webhook: prediction.webhook,
      webhook_events_filter: prediction.webhookEvents,
    }),
    urls: { get: url, cancel: `${url}/cancel`, web: url },
  })
  return `${head.slice(0, -1)},"input":${options.input ?? 'null'},"output":${options.output ?? 'null'},${tail.slice(1)}`
}
