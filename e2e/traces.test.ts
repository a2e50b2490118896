import { once } from 'node:events'
import { type StackProcess, startTestStack, type TestStack } from '@augur/test-support/test-stack'
import {
  type CollectedSpan,
  startTraceCollector,
  type TraceCollector,
} from '@augur/test-support/trace-collector'
import { startWebhookReceiver } from '@augur/test-support/webhook-receiver'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bodyOf } from './support/predictions.js'
import { sleepingRepository } from './support/sleeping.js'
import { until } from './support/until.js'

let models: Awaited<ReturnType<typeof sleepingRepository>>
let collector: TraceCollector
let stack: TestStack
beforeAll(async () => {
  models = await sleepingRepository(4)
  collector = await startTraceCollector()
  stack = await startTestStack({
    modelsDir: models.dir,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, AUGUR_LOG_LEVEL: 'debug' },
  })
})
afterAll(async () => {
  await stack?.stop()
  await collector?.close()
  await models?.remove()
})

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const callersSpan = '00f067aa0ba902b7'

function submit(webhook: string, { flags = '01', trace = traceId, sleepMs = 0 } = {}) {
  return stack.request('/models/augur/sleeping/predictions', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      traceparent: `00-${trace}-${callersSpan}-${flags}`,
    },
    body: JSON.stringify({ input: { value: [1, 2, 3], sleepMs }, webhook }),
  })
}

/** Milliseconds since 1970. */
const times = ({ startTimeUnixNano, endTimeUnixNano }: CollectedSpan) => ({
  start: Number(startTimeUnixNano / 1000n) / 1000,
  end: Number(endTimeUnixNano / 1000n) / 1000,
})

/** The first line of its log that says so. */
async function logged({ child, output }: StackProcess, wanted: object): Promise<object> {
  for (;;) {
    const lines = output().split('\n').slice(0, -1)
    const found = lines.map((line): object => JSON.parse(line)).find((line) => isPart(wanted, line))
    if (found) return found
    if (child.stdout) await once(child.stdout, 'data')
  }
}

const isPart = (part: object, whole: object) => {
  const fields = new Map(Object.entries(whole))
  return Object.entries(part).every(([name, value]) => fields.get(name) === value)
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
  const { id } = await bodyOf(await submit(receiver.url))
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

test('the steps of a run lie where they were: after the claim, one after the other, before the end', async () => {
  const trace = '11112222333344445555666677778888'
  const receiver = await startWebhookReceiver()
  await bodyOf(await submit(receiver.url, { trace, sleepMs: 60 }))
  const spans = await collector.waitFor(trace, inOneTrace)
  const timesOf = (name: string) => spans.filter((span) => span.name === name).map(times)[0]
  const [whole, preprocess, run, postprocess] = [
    'prediction.process',
    'runner.preprocess',
    'runner.run',
    'runner.postprocess',
  ].map((name) => timesOf(name) ?? { start: Number.NaN, end: Number.NaN })
  // Clocks tell whole milliseconds, and the steps parts of them.
  const about = 2
  expect(preprocess?.start).toBeGreaterThanOrEqual(whole?.start ?? Number.NaN)
  expect(run?.start).toBeCloseTo(preprocess?.end ?? Number.NaN, 2)
  expect(postprocess?.start).toBeCloseTo(run?.end ?? Number.NaN, 2)
  expect(postprocess?.end).toBeLessThan((whole?.end ?? Number.NaN) + about)
  await receiver.close()
})

test('the chunks of a batch, their runs and its webhook are in the trace of its request', async () => {
  const trace = '99998888777766665555444433332222'
  const receiver = await startWebhookReceiver()
  const line = JSON.stringify({ input: { value: [1, 2, 3], sleepMs: 0 } })
  const response = await stack.request(
    `/batches?model=augur/sleeping&webhook=${encodeURIComponent(receiver.url)}`,
    {
      method: 'POST',
      headers: {
        'content-type': 'application/jsonl',
        traceparent: `00-${trace}-${callersSpan}-01`,
      },
      body: `${line}\n`.repeat(130),
    },
  )
  const { id } = await bodyOf(response)
  const request = 'POST /api/v1/batches'
  const chunks = ['batch.chunk', 'batch.chunk', 'batch.chunk']
  const spans = await collector.waitFor(trace, [request, ...chunks, 'webhook.deliver'])
  const root = spans.find(({ name }) => name === request)
  const ofChunks = spans.filter(({ name }) => name === 'batch.chunk')
  expect(ofChunks).toHaveLength(3)
  for (const chunk of ofChunks)
    expect(chunk).toMatchObject({
      parentSpanId: root?.spanId,
      service: 'augur-worker',
      attributes: { 'augur.batch.id': id, 'augur.batch.chunk.failed': 0 },
    })
  const completed = ofChunks.map(({ attributes }) => Number(attributes['augur.batch.chunk.completed']))
  expect(completed.reduce((sum, lines) => sum + lines, 0)).toBe(130)
  const parents = new Set(ofChunks.map(({ spanId }) => spanId))
  const runs = spans.filter(({ name }) => name === 'runner.run')
  expect(new Set(runs.map(({ parentSpanId }) => parentSpanId))).toEqual(parents)
  for (const span of spans.filter(({ name }) => name === 'webhook.deliver'))
    expect(span.parentSpanId).toBe(root?.spanId)
  await receiver.close()
})

test('the log of a request, of its prediction and of its webhook names the trace', async () => {
  const trace = 'abcdabcdabcdabcdabcdabcdabcdabcd'
  const receiver = await startWebhookReceiver((_, count) => (count === 1 ? 500 : 200))
  const { id } = await bodyOf(await submit(receiver.url, { trace }))
  const [worker] = stack.workers
  if (!worker) throw new Error('the stack has a worker')
  const spanId = expect.stringMatching(/^[0-9a-f]{16}$/)
  expect(await logged(stack.api, { msg: 'request', traceId: trace })).toMatchObject({
    requestId: expect.any(String),
    spanId,
  })
  expect(await logged(worker, { msg: 'prediction ended', prediction: id })).toMatchObject({
    traceId: trace,
    status: 'succeeded',
  })
  expect(await logged(worker, { msg: 'webhook not delivered', traceId: trace })).toMatchObject({
    delivery: expect.stringContaining(id),
    spanId,
  })
  await receiver.close()
})

test('a trace that its caller does not record is not recorded here', async () => {
  const receiver = await startWebhookReceiver()
  const [left, recorded] = ['0'.repeat(31), '1'.repeat(31)].map((part) => `${part}f`)
  await bodyOf(await submit(receiver.url, { trace: left, flags: '00' }))
  const [webhook] = await receiver.waitFor(1)
  expect(webhook?.headers).not.toHaveProperty('traceparent')
  // Spans leave in the order of their ends: those of a later prediction come after any of this one.
  await bodyOf(await submit(receiver.url, { trace: recorded }))
  await collector.waitFor(recorded ?? '', inOneTrace)
  expect(collector.spans.filter((span) => span.traceId === left)).toEqual([])
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
  await until(() => plain.process.output().includes('"msg":"request"'))
  expect(plain.process.output()).not.toContain('"traceId"')
  const redis = stack.connectRedis()
  if (redis.status !== 'ready') await once(redis, 'ready')
  const [key = ''] = await redis.keys(`${stack.prefix}:*${id}`)
  expect(await redis.hget(key, 'request')).not.toContain('traceparent')
  redis.disconnect()
  // Which lists everything that was loaded: the library of metrics loads the API of OpenTelemetry.
  expect(plain.process.output().includes('prom-client')).toBe(true)
  expect(plain.process.output().includes('opentelemetry/sdk-trace')).toBe(false)
})
