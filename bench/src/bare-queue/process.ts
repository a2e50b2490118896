// Adds jobs and takes them, and does nothing else: what a queue costs without HTTP, model or records.
import { Queue, Worker } from 'bullmq'
import { connect } from '../yardstick/queues.js'

const name = 'bare'
const outstanding = 64
const payload = { text: 'x'.repeat(190) }

const queue = new Queue(name, {
  connection: connect(),
  defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
})
let left = 0
let onDone = () => {}
const worker = new Worker(name, async () => payload, { connection: connect(), concurrency: outstanding })
worker.on('completed', () => {
  if (--left === 0) onDone()
})

async function run(count: number): Promise<void> {
  left = count
  const done = new Promise<void>((resolve) => {
    onDone = resolve
  })
  let next = 0
  const add = async () => {
    while (next++ < count) await queue.add('job', payload)
  }
  await Promise.all(Array.from({ length: outstanding }, add))
  await done
}

process.on('message', (count: number) => {
  void run(count).then(() => process.send?.('done'))
})
process.on('disconnect', () => process.exit())
await worker.waitUntilReady()
process.send?.('ready')
