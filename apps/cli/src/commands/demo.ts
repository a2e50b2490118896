import { setMaxListeners } from 'node:events'
import { join } from 'node:path'
import { deadline } from '@augur/core/deadline'
import { z } from 'zod'
import { predict, type Answered, type Client } from '../demo/predict.js'
import { picture, summarise, type Summary, table } from '../demo/results.js'
import { readSamples, type Sample } from '../demo/samples.js'
import {
  readTickets,
  routeTicket,
  summariseTickets,
  ticketTable,
  type TicketSummary,
} from '../demo/tickets.js'
import { startWebhookReceiver } from '../demo/webhook-receiver.js'
import type { Output } from '../output.js'
import { startPrivateStack } from '../private-stack.js'
import { requestJson } from '../request-json.js'
import type { Stack } from '../start-stack.js'
import { listenForStopSignals } from '../stop-signals.js'

const sampleCount = 36
const ticketCount = 12
const deadlineMs = 60_000

interface DemoConfig {
  root: string
  env: Record<string, string | undefined>
  output: Output
}

async function readWebhookSecret(baseUrl: string, signal: AbortSignal): Promise<string> {
  const { body } = await requestJson(`${baseUrl}/webhooks/default/secret`, { signal })
  return z.object({ key: z.string() }).parse(body).key
}

/** All ways one after the other, the samples of one way together. */
async function predictAll(client: Client, samples: readonly Sample[]): Promise<Answered[]> {
  const answered: Answered[] = []
  for (const way of ['poll', 'wait', 'webhook']) {
    const ofWay = samples.filter((sample) => sample.way === way)
    answered.push(...(await Promise.all(ofWay.map((sample) => predict(client, sample)))))
  }
  return answered
}

async function showTickets(client: Client, { root, output }: DemoConfig): Promise<TicketSummary> {
  const tickets = await readTickets(join(root, 'models/tickets/heldout.jsonl'), ticketCount)
  output.line(`Asking which team each of ${tickets.length} support messages belongs to.\n`)
  const routed = await Promise.all(tickets.map((ticket) => routeTicket(client, ticket)))
  const summary = summariseTickets(routed)
  output.line(
    `${ticketTable(routed)}\n\n${summary.ticketsCorrect} of ${summary.tickets} messages sent right.\n`,
  )
  return summary
}

async function showPredictions(
  stack: Stack,
  config: DemoConfig,
  stop: AbortSignal,
): Promise<Summary & TicketSummary> {
  const { root, output } = config
  const limit = deadline(deadlineMs, AbortSignal.any([stop, stack.failed]))
  const { signal } = limit
  // Every request under way listens to it.
  setMaxListeners(0, signal)
  const baseUrl = `${stack.apiUrl}/api/v1`
  const samples = await readSamples(join(root, 'models/digits/heldout.jsonl'), sampleCount)
  const receiver = await startWebhookReceiver(await readWebhookSecret(baseUrl, signal))
  try {
    output.line(`Sending ${samples.length} handwritten digits that the model has never seen to ${baseUrl}.\n`)
    const client = { baseUrl, receiver, signal }
    const answered = await predictAll(client, samples)
    const summary = summarise(answered, receiver.counts())
    const share = ((100 * summary.correct) / summary.predictions).toFixed(1)
    output.line(`${picture(answered)}\n\n${table(answered)}\n`)
    output.line(`${summary.correct} of ${summary.predictions} digits read right (${share} %);`)
    output.line(`${summary.verified} of ${summary.webhooks} webhooks carried a valid signature.\n`)
    const tickets = await showTickets(client, config)
    return { ...summary, ...tickets, ok: summary.ok && tickets.ticketsSucceeded === tickets.tickets }
  } finally {
    receiver.close()
    limit.clear()
  }
}

/**
 * Starts a stack of its own, sends real digits through it in every way and real text in one, shows the answers, and
 * stops it. The last line is a JSON summary. Returns the exit code.
 * @throws StartupError when the stack cannot start.
 */
export async function runDemo(config: DemoConfig): Promise<number> {
  const { output } = config
  const signals = listenForStopSignals()
  let stack: Stack | undefined
  signals.second.addEventListener('abort', () => (stack ? stack.kill() : process.exit(130)))
  try {
    output.line('Starting Redis, the API and a worker.')
    stack = await startPrivateStack({
      ...config,
      settings: { AUGUR_LOG_LEVEL: 'warn' },
      signal: signals.first,
    })
    const summary = await showPredictions(stack, config, signals.first)
    await stack.stop()
    output.line(JSON.stringify(summary))
    return summary.ok ? 0 : 1
  } catch (error) {
    await stack?.stop()
    if (signals.first.aborted) return 130
    throw error
  } finally {
    signals.dispose()
  }
}
