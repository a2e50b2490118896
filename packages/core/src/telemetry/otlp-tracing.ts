import {
  type Context,
  ROOT_CONTEXT,
  type Span as OtlpSpan,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { versionNumber } from '../version-number.js'
import type { Logger } from './logger.js'
import { formatTraceparent, parseTraceparent } from './traceparent.js'
import type { Span, SpanEnd, SpanStart, Tracing } from './tracing.js'

const exportTimeoutMs = 5000
const exportEveryMs = 1000

export interface OtlpTracingOptions {
  /** Root of an OTLP collector over HTTP, such as `http://127.0.0.1:4318`. */
  endpoint: string
  /** How many of the traces that begin here are recorded; of others their beginning says so. */
  percent: number
  service: string
  logger: Logger
}

/** Sends spans to an OTLP collector; see `startTracing`. */
export class OtlpTracing implements Tracing {
  private readonly provider: TracerProvider
  private readonly tracer: Tracer

  constructor({ endpoint, percent, service, logger }: OtlpTracingOptions) {
    const url = `${endpoint.replace(/\/$/, '')}/v1/traces`
    const exporter = new OTLPTraceExporter({ url, timeoutMillis: exportTimeoutMs })
    this.provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': service, 'service.version': versionNumber }),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(percent / 100) }),
      spanProcessors: [
        new BatchSpanProcessor({
          exporter: warned(exporter, logger),
          scheduledDelayMillis: exportEveryMs,
          exportTimeoutMillis: exportTimeoutMs,
        }),
      ],
    })
    this.tracer = this.provider.getTracer('augur', versionNumber)
  }

  start(name: string, { kind, parent, attributes = {}, startMs }: SpanStart): Span {
    const options = { kind: kinds[kind], attributes, ...(startMs !== undefined && { startTime: startMs }) }
    return wrapped(this.tracer.startSpan(name, options, contextOf(parent)))
  }

  async close(): Promise<void> {
    await this.provider.shutdown()
  }
}

const kinds = {
  server: SpanKind.SERVER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
  internal: SpanKind.INTERNAL,
} satisfies Record<SpanStart['kind'], SpanKind>

function contextOf(parent: string | undefined): Context {
  const place = parent === undefined ? null : parseTraceparent(parent)
  if (place === null) return ROOT_CONTEXT
  const { traceId, spanId, isSampled } = place
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true })
}

function wrapped(span: OtlpSpan): Span {
  const { traceId, spanId } = span.spanContext()
  return {
    traceparent: span.isRecording() ? formatTraceparent({ traceId, spanId, isSampled: true }) : undefined,
    end({ name, attributes, error, endMs }: SpanEnd = {}) {
      if (name !== undefined) span.updateName(name)
      if (attributes !== undefined) span.setAttributes(attributes)
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error })
      span.end(endMs)
    },
  }
}

/** A collector that is away costs spans and a line in the log, and nothing else. */
function warned(exporter: SpanExporter, logger: Logger): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error) logger.warn({ err: result.error, spans: spans.length }, 'traces were not exported')
        done(result)
      }),
    shutdown: () => exporter.shutdown(),
  }
}
