import { setTimeout as delay } from 'node:timers/promises'
import { judge, type Prediction, type Submitted, type Verdict } from './answers.js'
import { Client } from './client.js'
import type { Digit } from './digits.js'
import type { System } from './system.js'
import { WebhookReceiver } from './webhook-receiver.js'

/** How the answers come back. */
export const modes = ['webhook', 'poll'] as const
export type Mode = (typeof modes)[number]

export interface LoadOptions {
  system: System
  digits: readonly Digit[]
  /** Predictions to make. */
  count: number
  /** Clients at work at a time, each with a connection of its own. */
  connections: number
  signal: AbortSignal
}

export interface LoadResult extends Verdict {
  /** Of each submission, from the request to its answer. */
  submitMs: number[]
  /** From the first submission until the last was accepted. */
  submitSeconds: number
  /** From the first submission until the last prediction was answered. */
  doneSeconds: number
  /** Polls that said `succeeded` and had no output yet. */
  emptyAnswers: number
}

const pollEveryMs = 50
const answerWithinMs = 30_000

/** Makes predictions as fast as the clients get them accepted, and checks every answer. */
export async function load(mode: Mode, options: LoadOptions): Promise<LoadResult> {
  const client = new Client(options.system, options.connections)
  try {
    return await (mode === 'webhook' ? loadByWebhook(client, options) : loadByPoll(client, options))
  } finally {
    await client.close()
  }
}

async function loadByWebhook(client: Client, options: LoadOptions): Promise<LoadResult> {
  const receiver = new WebhookReceiver()
  await receiver.listen()
  try {
    const clock = new Clock()
    const submitted = await eachDigit(options, (digit) =>
      clock.time(() => client.create(digit, receiver.url)),
    )
    const submitSeconds = clock.seconds()
    await receiver.waitFor(options.count, options.signal)
    const doneSeconds = clock.seconds()
    const verdict = judge(submitted, receiver.answers)
    return { ...verdict, submitMs: clock.laps, submitSeconds, doneSeconds, emptyAnswers: 0 }
  } finally {
    receiver.close()
  }
}

async function loadByPoll(client: Client, options: LoadOptions): Promise<LoadResult> {
  const clock = new Clock()
  const answers = new Map<string, string>()
  let emptyAnswers = 0
  let submitSeconds = 0
  const submitted = await eachDigit(options, async (digit) => {
    const created = await clock.time(() => client.create(digit))
    submitSeconds = clock.seconds()
    for await (const { status, output } of polls(client, created.id, options.signal)) {
      if (output) answers.set(created.id, output.label)
      else if (status === 'succeeded') emptyAnswers++
      if (output || status === 'failed' || status === 'canceled') return created
    }
    throw new Error(`${options.system.name} did not answer ${created.id} within ${answerWithinMs} ms.`)
  })
  const verdict = judge(submitted, answers)
  return { ...verdict, submitMs: clock.laps, submitSeconds, doneSeconds: clock.seconds(), emptyAnswers }
}

/** What `GET` answers, again and again, until the prediction should long have been answered. */
async function* polls(client: Client, id: string, signal: AbortSignal): AsyncGenerator<Prediction> {
  const deadline = performance.now() + answerWithinMs
  while (performance.now() < deadline) {
    await delay(pollEveryMs, undefined, { signal })
    yield await client.get(id)
  }
}

/** Runs `predict` for so many digits, each client taking the next as soon as it is through with one. */
async function eachDigit(
  { digits, count, connections, signal }: LoadOptions,
  predict: (digit: Digit) => Promise<Prediction>,
): Promise<Submitted[]> {
  const submitted: Submitted[] = []
  let next = 0
  const work = async () => {
    while (next < count) {
      signal.throwIfAborted()
      const digit = digits[next++ % digits.length]
      if (digit) submitted.push({ id: (await predict(digit)).id, digit })
    }
  }
  await Promise.all(Array.from({ length: connections }, work))
  return submitted
}

class Clock {
  readonly laps: number[] = []
  private readonly startedAt = performance.now()

  seconds(): number {
    return (performance.now() - this.startedAt) / 1000
  }

  async time<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now()
    const result = await work()
    this.laps.push(performance.now() - startedAt)
    return result
  }
}
