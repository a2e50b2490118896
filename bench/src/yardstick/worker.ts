import { exitWithParent } from '@augur/core/exit-with-parent'
import { createHmac } from 'node:crypto'
import { Queue, Worker } from 'bullmq'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import {
  type Classification,
  connect,
  type PredictionJob,
  retryThreeTimes,
  type WebhookJob,
} from './queues.js'

// Nothing that a server would have: the bench must not leave it behind.
exitWithParent(process.env)

const session = await InferenceSession.create(process.env.MODEL ?? '', { intraOpNumThreads: 1 })

async function classify(pixels: number[]): Promise<Classification> {
  const image = new Tensor(
    Float32Array.from(pixels, (pixel) => pixel / 16),
    [1, 1, 8, 8],
  )
  const { logits } = await session.run({ image })
  const scores = Array.from(logits?.data as Float32Array)
  const highest = Math.max(...scores)
  const powers = scores.map((score) => Math.exp(score - highest))
  const sum = powers.reduce((a, b) => a + b)
  return {
    label: String(scores.indexOf(highest)),
    probabilities: Object.fromEntries(powers.map((power, digit) => [digit, power / sum])),
  }
}

const webhooks = new Queue<WebhookJob>('webhooks', {
  connection: connect(),
  defaultJobOptions: retryThreeTimes,
})

const predicting = new Worker<PredictionJob, Classification>(
  'predictions',
  async ({ id = '', data: { input, webhook } }) => {
    const output = await classify(input.pixels)
    if (webhook) {
      const prediction = { id, status: 'succeeded', input, output, error: null }
      await webhooks.add('webhook', { url: webhook, prediction })
    }
    return output
  },
  { connection: connect(), concurrency: 32 },
)

const delivering = new Worker<WebhookJob>(
  'webhooks',
  async ({ data: { url, prediction } }) => {
    const body = JSON.stringify(prediction)
    const signature = createHmac('sha256', process.env.WEBHOOK_SECRET ?? '')
      .update(body)
      .digest('hex')
    const headers = { 'content-type': 'application/json', 'x-signature': signature }
    const response = await fetch(url, { method: 'POST', headers, body })
    await response.text()
    if (!response.ok) throw new Error(`the receiver answered ${response.status}`)
  },
  { connection: connect(), concurrency: 32 },
)

process.on('SIGTERM', () => {
  void Promise.all([predicting.close(), delivering.close()]).then(() => process.exit())
})
