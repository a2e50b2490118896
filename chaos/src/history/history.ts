import type { EventOf, HistoryEvent, RequestEvent } from './event.js'

const terminal: ReadonlySet<string> = new Set(['succeeded', 'failed', 'canceled'])
export const isTerminal = (status: string): boolean => terminal.has(status)

/** Whether the client may take what it asked for as accepted. */
export const isAcceptance = (status: number): boolean => status === 201 || status === 202

/** A finished history with the views of it that invariants and criteria are about. */
export class History {
  /** By prediction, what was asked for where that was accepted. */
  readonly accepted = new Map<string, RequestEvent>()
  readonly reads: ReadonlyMap<string, readonly EventOf<'read'>[]>
  readonly webhooks: ReadonlyMap<string, readonly EventOf<'webhook'>[]>
  /** By number; the first sending of each. */
  readonly requests = new Map<number, RequestEvent>()

  constructor(readonly events: readonly HistoryEvent[]) {
    for (const event of this.of('request'))
      if (!this.requests.has(event.request)) this.requests.set(event.request, event)
    for (const { status, id, request } of this.of('response')) {
      const asked = this.requests.get(request)
      if (isAcceptance(status) && id !== null && asked) this.accepted.set(id, asked)
    }
    this.reads = groupBy(this.of('read'), ({ id }) => id)
    this.webhooks = groupBy(this.of('webhook'), ({ id }) => id)
  }

  of<K extends HistoryEvent['kind']>(kind: K): EventOf<K>[] {
    return this.events.filter((event): event is EventOf<K> => event.kind === kind)
  }

  /** How the prediction ended, as it was read first; undefined where nobody saw it end. */
  endOf(id: string): EventOf<'read'> | undefined {
    return this.reads.get(id)?.find(({ status }) => isTerminal(status))
  }

  /** How many accepted predictions ended with this status. */
  ended(status: string): number {
    return [...this.accepted.keys()].filter((id) => this.endOf(id)?.status === status).length
  }
}

export function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}
