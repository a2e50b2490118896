import { once } from 'node:events'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { startTraceCollector, type TraceCollector } from '@augur/test-support/trace-collector'
import { startWebhookReceiver } from '@augur/test-support/webhook-receiver'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bodyOf } from './support/predictions.js'
import { sleepingRepository } from './support/sleeping.js'

let models: Awaited<ReturnType<typeof sleepingRepository>>
let collector: TraceCollector
let stack: TestStack
beforeAll(async () => {
  models = await sleepingRepository(4)
  collector = await startTraceCollector()
  stack = await startTestStack({
    modelsDir: models.dir,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
  })
})
afterAll(async () => {
  await stack?.stop()
  await collector?.close()
  await models?.remove()
})

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const callersSpan = '00f067aa0ba902b7'

function submit(webhook: string, flags: string) {
  return stack.request('/models/augur/sleeping/predictions', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      traceparent: `00-${traceId}-${callersSpan}-${flags}`,
    },
    body: JSON.stringify({ input: { value: [1, 2, 3], sleepMs: 0 }, webhook }),
  })
}

const inOneTrace = [
  'POST /api/v1/models/:owner/:name/predictions',
  'prediction.queue',
  'prediction.process',
  'runner.preprocess',
  'runner.run',
  'runner.postprocess',
  'webhook.deliver',
]

test('a request, its wait, its run and its webhook are one trace, which its caller began', async () => {
  const receiver = await startWebhookReceiver()
  const { id } = await bodyOf(await submit(receiver.url, '01'))
  const spans = await collector.waitFor(traceId, inOneTrace)
  const named = (name: string) => spans.filter((span) => span.name === name)
  const [request] = named('POST /api/v1/models/:owner/:name/predictions')
  expect(request).toMatchObject({
    parentSpanId: callersSpan,
    service: 'augur-api',
    attributes: { 'http.response.status_code': 201 },
  })
  const [processed] = named('prediction.process')
  expect(processed).toMatchObject({
    parentSpanId: request?.spanId,
    service: 'augur-worker',
    attributes: { 'augur.prediction.id': id, 'augur.prediction.status': 'succeeded' },
  })
  for (const name of ['prediction.queue', 'webhook.deliver'])
    for (const span of named(name)) expect(span.parentSpanId).toBe(request?.spanId)
  for (const name of inOneTrace.filter((each) => each.startsWith('runner.')))
    for (const span of named(name)) expect(span.parentSpanId).toBe(processed?.spanId)
  const [webhook] = await receiver.waitFor(1)
  const sent = named('webhook.deliver').map(({ spanId }) => `00-${traceId}-${spanId}-01`)
  expect(sent).toContain(webhook?.headers.traceparent)
  await receiver.close()
})

test('a trace that its caller does not record is not recorded here', async () => {
  const receiver = await startWebhookReceiver()
  const before = collector.spans.length
  await bodyOf(await submit(receiver.url, '00'))
  const [webhook] = await receiver.waitFor(1)
  expect(webhook?.headers).not.toHaveProperty('traceparent')
  expect(collector.spans.length).toBe(before)
  await receiver.close()
})

test('what is left to be sent is sent when a process stops', async () => {
  const own = await startTestStack({
    modelsDir: models.dir,
    workers: 0,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
  })
  const parent = '00-aaaabbbbccccddddeeeeffff00001111-00f067aa0ba902b7-01'
  await (await own.request('/models', { headers: { traceparent: parent } })).text()
  const [spans] = await Promise.all([
    collector.waitFor('aaaabbbbccccddddeeeeffff00001111', ['GET /api/v1/models']),
    own.stop(),
  ])
  expect(spans).toHaveLength(1)
})

test('without an endpoint a record says nothing of traces, and the SDK of OpenTelemetry is not loaded', async () => {
  const plain = await stack.startApi({ OTEL_EXPORTER_OTLP_ENDPOINT: '', NODE_DEBUG: 'module' })
  const response = await fetch(`${plain.url}/api/v1/models/augur/sleeping/predictions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-${callersSpan}-01` },
    body: JSON.stringify({ input: { value: [1, 2, 3], sleepMs: 0 } }),
  })
  const { id } = await bodyOf(response)
  const redis = stack.connectRedis()
  if (redis.status !== 'ready') await once(redis, 'ready')
  const [key = ''] = await redis.keys(`${stack.prefix}:*${id}`)
  expect(await redis.hget(key, 'request')).not.toContain('traceparent')
  redis.disconnect()
  // Which lists everything that was loaded: the library of metrics loads the API of OpenTelemetry.
  expect(plain.process.output().includes('prom-client')).toBe(true)
  expect(plain.process.output().includes('opentelemetry/sdk-trace')).toBe(false)
})
