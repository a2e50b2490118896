import { closeSync, openSync, writeSync } from 'node:fs'
import type { HistoryEvent } from './event.js'

type Untimed<E> = E extends HistoryEvent ? Omit<E, 'at'> & { at?: number } : never
export type NewEvent = Untimed<HistoryEvent>

/** Writes down what happens as JSON Lines, each line before whoever reports it goes on. */
export class Ledger {
  readonly events: HistoryEvent[] = []
  private readonly file: number

  constructor(readonly path: string) {
    this.file = openSync(path, 'w')
  }

  note(event: NewEvent): void {
    const timed: HistoryEvent = { at: Date.now(), ...event }
    this.events.push(timed)
    writeSync(this.file, `${JSON.stringify(timed)}\n`)
  }

  close(): void {
    closeSync(this.file)
  }
}
