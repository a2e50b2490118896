import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:http'
import { z } from 'zod'

const attributeValue = z.object({
  stringValue: z.string().optional(),
  intValue: z.union([z.number(), z.string()]).optional(),
  doubleValue: z.number().optional(),
  boolValue: z.boolean().optional(),
})
const attributes = z
  .array(z.object({ key: z.string(), value: attributeValue }))
  .default([])
  .transform((all) => Object.fromEntries(all.map(({ key, value }) => [key, Object.values(value)[0]])))
const otlpSpan = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().default(''),
  name: z.string(),
  startTimeUnixNano: z.coerce.bigint(),
  endTimeUnixNano: z.coerce.bigint(),
  attributes,
  status: z.object({ code: z.number().optional(), message: z.string().optional() }).default({}),
})
const exportRequest = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(z.object({ spans: z.array(otlpSpan) })),
    }),
  ),
})

/** A span as a collector is sent it. */
export type CollectedSpan = z.infer<typeof otlpSpan> & { service: string }

export interface TraceCollector {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  url: string
  spans: CollectedSpan[]
  /** Resolves with all spans of the trace once these have come; a name that stands there twice, twice. */
  waitFor(traceId: string, names: readonly string[]): Promise<CollectedSpan[]>
  close(): Promise<void>
}

/** An OTLP collector over HTTP with JSON on a free port, which keeps what comes. */
export async function startTraceCollector(): Promise<TraceCollector> {
  const spans: CollectedSpan[] = []
  const arrivals = new EventEmitter()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      spans.push(...decode(Buffer.concat(chunks).toString('utf8')))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
      arrivals.emit('spans')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server must have a port.')
  return {
    url: `http://127.0.0.1:${address.port}`,
    spans,
    async waitFor(traceId, names) {
      for (;;) {
        const found = spans.filter((span) => span.traceId === traceId)
        if (hasAll(found, names)) return found
        await once(arrivals, 'spans')
      }
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function hasAll(spans: readonly CollectedSpan[], names: readonly string[]): boolean {
  const come = spans.map(({ name }) => name)
  return names.every((name) => count(come, name) >= count(names, name))
}

const count = (names: readonly string[], wanted: string) => names.filter((name) => name === wanted).length

function decode(body: string): CollectedSpan[] {
  return exportRequest.parse(JSON.parse(body)).resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(resource.attributes['service.name'])
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service })))
  })
}
