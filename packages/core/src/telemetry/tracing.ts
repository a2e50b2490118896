import type { Logger } from './logger.js'

/** What a span tells beside its times: names as the semantic conventions of OpenTelemetry have them, or `augur.…`. */
export type SpanAttributes = Record<string, string | number | boolean>

export interface SpanStart {
  kind: 'server' | 'consumer' | 'client' | 'internal'
  /** The W3C `traceparent` of what it happens for; a trace of its own begins without one, or with one that is none. */
  parent?: string | undefined
  attributes?: SpanAttributes
  /** Milliseconds since 1970; now, if left out. */
  startMs?: number
}

export interface SpanEnd {
  /** In place of the name that it began with. */
  name?: string
  attributes?: SpanAttributes
  /** Why it counts as failed. */
  error?: string
  /** Milliseconds since 1970; now, if left out. */
  endMs?: number
}

export interface Span {
  /** What is done for its sake is given this; undefined where the trace is not recorded. */
  readonly traceparent: string | undefined
  end(end?: SpanEnd): void
}

/** Tells a collector what was done for which request. */
export interface Tracing {
  start(name: string, start: SpanStart): Span
  /** Sends what was not sent yet. */
  close(): Promise<void>
}

export interface TracingSettings {
  OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined
  AUGUR_TRACE_PERCENT: number
}

/** Null without an endpoint: no SDK is loaded then. */
export async function startTracing(
  settings: TracingSettings,
  service: string,
  logger: Logger,
): Promise<Tracing | null> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, AUGUR_TRACE_PERCENT: percent } = settings
  if (endpoint === undefined) return null
  const { OtlpTracing } = await import('./otlp-tracing.js')
  return new OtlpTracing({ endpoint, percent, service, logger })
}
