import { exitWithParent } from '@augur/core/exit-with-parent'
import { serve } from '@hono/node-server'
import { Job, Queue } from 'bullmq'
import { Hono } from 'hono'
import { type Classification, connect, keepForPolls, type PredictionJob } from './queues.js'

// Nothing that a server would have: the bench must not leave it behind.
exitWithParent(process.env)

const predictions = new Queue<PredictionJob, Classification>('predictions', {
  connection: connect(),
  defaultJobOptions: keepForPolls,
})
const app = new Hono()

app.get('/health', (c) => c.text('ok'))

app.post('/predictions', async (c) => {
  const { input, webhook } = await c.req.json<PredictionJob>()
  if (!Array.isArray(input?.pixels) || input.pixels.length !== 64) {
    return c.json({ error: 'input.pixels must be 64 numbers' }, 422)
  }
  const job = await predictions.add('predict', webhook ? { input, webhook } : { input })
  return c.json({ id: job.id, status: 'starting' }, 201)
})

app.get('/predictions/:id', async (c) => {
  const job = await Job.fromId<PredictionJob, Classification>(predictions, c.req.param('id'))
  if (!job) return c.json({ error: 'not found' }, 404)
  const state = await job.getState()
  return c.json({
    id: job.id,
    status: state === 'completed' ? 'succeeded' : state === 'failed' ? 'failed' : 'processing',
    input: job.data.input,
    output: job.returnvalue ?? null,
    error: job.failedReason ?? null,
  })
})

serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: '127.0.0.1' })
process.on('SIGTERM', () => process.exit())
