import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { type Client, createAndWait } from './predict.js'
import type { ClassPrediction } from './prediction.js'

/** One support message that no model was trained on. */
export interface Ticket {
  text: string
  /** The team that it belongs to. */
  label: string
}

export interface RoutedTicket {
  ticket: Ticket
  prediction: ClassPrediction
}

export interface TicketSummary {
  tickets: number
  ticketsSucceeded: number
  ticketsCorrect: number
}

const line = z.object({ input: z.object({ text: z.string() }), label: z.string() })
const longestShown = 64

/** `count` messages from all over the held-out file. */
export async function readTickets(heldout: string, count: number): Promise<Ticket[]> {
  const rows = (await readFile(heldout, 'utf8')).trim().split('\n')
  const step = Math.floor(rows.length / count)
  return Array.from({ length: count }, (_, index) => {
    const { input, label } = line.parse(JSON.parse(rows[index * step] ?? ''))
    return { text: input.text, label }
  })
}

/** Asks which team a message belongs to, and waits for the answer. */
export async function routeTicket(client: Client, ticket: Ticket): Promise<RoutedTicket> {
  return { ticket, prediction: await createAndWait(client, 'augur/tickets', { text: ticket.text }) }
}

const isCorrect = ({ ticket, prediction }: RoutedTicket) => prediction.output?.label === ticket.label

export function summariseTickets(routed: readonly RoutedTicket[]): TicketSummary {
  return {
    tickets: routed.length,
    ticketsSucceeded: routed.filter(({ prediction }) => prediction.status === 'succeeded').length,
    ticketsCorrect: routed.filter(isCorrect).length,
  }
}

/** A message in each line, with the team that the model sends it to. */
export function ticketTable(routed: readonly RoutedTicket[]): string {
  const rows = routed.map((one) => {
    const { label = '-', probabilities = {} } = one.prediction.output ?? {}
    const team = `${label.padEnd(8)}  ${(probabilities[label] ?? 0).toFixed(3)}`
    return `  ${team}  ${shorten(one.ticket.text)}${isCorrect(one) ? '' : `  (is ${one.ticket.label})`}`
  })
  return rows.join('\n')
}

function shorten(text: string): string {
  return text.length > longestShown ? `${text.slice(0, longestShown - 1)}…` : text
}
