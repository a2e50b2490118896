import { type JsonText, type Prediction, type TerminalStatus } from '@augur/core/predictions/prediction'
import type { ServerSentEvent } from '../sse/encode-event.js'

export interface EndedPrediction {
  prediction: Pick<Prediction, 'status' | 'error' | 'logs' | 'createdAt' | 'completedAt' | 'dataRemoved'>
  /** Null where there is none, or none any more. */
  output: JsonText | null
  /** Whether an output that is an array is told element by element. */
  isIterator: boolean
}

/** An event whose id says where it stands in its stream. */
export type PredictionEvent = ServerSentEvent & { id: string }

const reasons: Partial<Record<Prediction['status'], string>> = {
  failed: 'error',
  canceled: 'canceled',
} satisfies Partial<Record<TerminalStatus, string>>

const detail = (text: string) => JSON.stringify({ detail: text })

/**
 * What the stream of an ended prediction consists of, from its start. Ids are the time of the end, in milliseconds since
 * 1970, and a sequence number: they follow from the record, so that every process gives the same event the same id.
 */
export function endedEvents(ended: EndedPrediction): PredictionEvent[] {
  const { status, logs, error, dataRemoved, completedAt, createdAt } = ended.prediction
  const events: ServerSentEvent[] = []
  if (logs !== '') events.push({ event: 'logs', data: logs })
  for (const data of outputsOf(ended)) events.push({ event: 'output', data })
  if (status === 'failed') events.push({ event: 'error', data: detail(error ?? 'The prediction failed.') })
  if (status === 'succeeded' && dataRemoved)
    events.push({ event: 'error', data: detail('The output is not kept any more.') })
  const reason = reasons[status]
  events.push({ event: 'done', data: JSON.stringify(reason === undefined ? {} : { reason }) })
  return events.map((event, sequence) => ({ ...event, id: `${completedAt ?? createdAt}:${sequence}` }))
}

/** Text as it is, anything else as JSON. */
function outputsOf({ output, isIterator }: EndedPrediction): string[] {
  if (output === null) return []
  const isText = output.startsWith('"')
  if (!isText && !isIterator) return [output]
  const value: unknown = JSON.parse(output)
  const outputs = isIterator && Array.isArray(value) ? value : [value]
  return outputs.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))
}

const idShape = /^(\d{1,16}):(\d{1,9})$/

/** The events that come after the one with this id; all of them where it is none of theirs. */
export function eventsAfter(
  events: readonly PredictionEvent[],
  lastId: string | undefined,
): PredictionEvent[] {
  const seen = idShape.test(lastId ?? '') ? events.findIndex(({ id }) => id === lastId) : -1
  return events.slice(seen + 1)
}
