import type { Ending, Prediction } from '@augur/core/predictions/prediction'
import type { SpanEnd, SpanStart, Tracing } from '@augur/core/telemetry/tracing'
import { expect, test } from 'vitest'
import { tracePrediction } from './trace-predictions.js'

interface Told extends SpanStart, SpanEnd {
  name: string
}

function listen() {
  const told: Told[] = []
  const tracing: Tracing = {
    start: (name, start) => ({
      traceparent: `of ${name}`,
      end: (end) =>
        void told.push({ ...start, ...end, name, attributes: { ...start.attributes, ...end?.attributes } }),
    }),
    close: async () => {},
  }
  return { told, tracing }
}

const prediction: Prediction = {
  id: 'p',
  tenant: 'default',
  keyId: null,
  model: 'augur/test',
  version: 'v',
  label: '1',
  class: 'submission',
  form: 'pipeline',
  traceparent: 'of the request',
  status: 'processing',
  input: null,
  output: null,
  error: null,
  errorCode: null,
  logs: '',
  createdAt: 1000,
  startedAt: 1500,
  completedAt: null,
  expiresAt: null,
  deadlineAt: null,
  timeoutMs: null,
  metadata: null,
  retriedFrom: null,
  trial: null,
  provenance: null,
  dataRemoved: false,
  webhook: null,
  webhookEvents: [],
  attempt: 2,
  token: '',
  epoch: 0,
}
const ran = { size: 8, timings: { startedAt: 1520, preprocessMs: 10, runMs: 30, postprocessMs: 5 } }
const ending: Ending = {
  status: 'succeeded',
  output: null,
  error: null,
  errorCode: null,
  completedAt: 1600,
  provenance: null,
}

test('the steps of a run lie one after the other, from when its runner began', () => {
  const { told, tracing } = listen()
  tracePrediction(tracing, prediction, ending, ran)
  const times = told.map(({ name, parent, startMs, endMs }) => [name, parent, startMs, endMs])
  expect(times).toEqual([
    ['prediction.queue', 'of the request', 1000, 1500],
    ['runner.preprocess', 'of prediction.process', 1520, 1530],
    ['runner.run', 'of prediction.process', 1530, 1560],
    ['runner.postprocess', 'of prediction.process', 1560, 1565],
    ['prediction.process', 'of the request', 1500, 1600],
  ])
  expect(told.at(-1)?.attributes).toMatchObject({
    'augur.prediction.attempt': 2,
    'augur.prediction.status': 'succeeded',
    'augur.micro_batch.size': 8,
  })
})

test('a prediction that failed without a run says why, and nothing of a run', () => {
  const { told, tracing } = listen()
  const failed = { ...ending, status: 'failed' as const, errorCode: 'storage' as const }
  tracePrediction(tracing, prediction, failed)
  expect(told.map(({ name, error }) => [name, error])).toEqual([
    ['prediction.queue', undefined],
    ['prediction.process', 'storage'],
  ])
})

test('a prediction whose request is not traced tells nothing', () => {
  const { told, tracing } = listen()
  const { traceparent: _, ...untraced } = prediction
  tracePrediction(tracing, untraced, ending, ran)
  expect(told).toEqual([])
})
