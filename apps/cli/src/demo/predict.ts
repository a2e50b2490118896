import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type JsonAnswer, requestJson } from '../request-json.js'
import { inputOf } from './draw-digit.js'
import { type ClassPrediction, classPrediction, hasEnded } from './prediction.js'
import type { Sample, Way } from './samples.js'
import type { WebhookReceiver } from './webhook-receiver.js'

export interface Client {
  /** Root of the predictions dialect. */
  baseUrl: string
  receiver: WebhookReceiver
  /** Ends whatever is under way. */
  signal: AbortSignal
}

export interface Answered {
  sample: Sample
  prediction: ClassPrediction
  /** From the submission to the answer. */
  durationMs: number
  /** Whether the answer that came is the one that `GET` gives. */
  matchesGet: boolean
}

const pollEveryMs = 50
const waitSeconds = 30

/** Sends a sample in its way, waits for the answer, and compares it with what `GET` says. */
export async function predict(client: Client, sample: Sample): Promise<Answered> {
  const startedAt = performance.now()
  const prediction = await answer[sample.way](client, sample)
  const durationMs = performance.now() - startedAt
  const stored = await get(client, prediction.id)
  return { sample, prediction, durationMs, matchesGet: isDeepStrictEqual(stored, prediction) }
}

const answer: Record<Way, (client: Client, sample: Sample) => Promise<ClassPrediction>> = {
  async poll(client, sample) {
    let prediction = await create(client, 'augur/digits', inputOf(sample))
    while (!hasEnded(prediction)) {
      await delay(pollEveryMs, undefined, { signal: client.signal })
      prediction = await get(client, prediction.id)
    }
    return prediction
  },

  wait: (client, sample) => createAndWait(client, 'augur/digits', inputOf(sample)),

  async webhook(client, sample) {
    const webhook = { webhook: client.receiver.url, webhook_events_filter: ['completed'] }
    const { id } = await create(client, 'augur/digits', inputOf(sample), { fields: webhook })
    return (await client.receiver.take(id, client.signal)).prediction
  },
}

/** Sends an input and waits with the same request until it is answered. */
export function createAndWait(client: Client, model: string, input: object): Promise<ClassPrediction> {
  return create(client, model, input, { headers: { prefer: `wait=${waitSeconds}` } })
}

async function create(
  { baseUrl, signal }: Client,
  model: string,
  input: object,
  { headers = {}, fields = {} }: { headers?: Record<string, string>; fields?: object } = {},
): Promise<ClassPrediction> {
  const body = { input, ...fields }
  const url = `${baseUrl}/models/${model}/predictions`
  return parse(await requestJson(url, { method: 'POST', headers, body, signal }))
}

async function get({ baseUrl, signal }: Client, id: string): Promise<ClassPrediction> {
  return parse(await requestJson(`${baseUrl}/predictions/${id}`, { signal }))
}

function parse({ status, body }: JsonAnswer): ClassPrediction {
  if (status !== 200 && status !== 201) throw new Error(`The API answered ${status}: ${JSON.stringify(body)}`)
  return classPrediction.parse(body)
}
