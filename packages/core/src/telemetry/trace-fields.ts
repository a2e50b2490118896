import { parseTraceparent } from './traceparent.js'

/** For a line of the log: in which trace it happened. Nothing where that was none. */
export function traceFields(traceparent: string | undefined): { traceId: string } | undefined {
  const place = traceparent === undefined ? null : parseTraceparent(traceparent)
  return place === null ? undefined : { traceId: place.traceId }
}

/** Like `traceFields`, with the span, for what happens while that lasts. */
export function spanFields(traceparent: string | undefined): { traceId: string; spanId: string } | undefined {
  const place = traceparent === undefined ? null : parseTraceparent(traceparent)
  return place === null ? undefined : { traceId: place.traceId, spanId: place.spanId }
}
