import { inspect } from 'node:util'
import type { PipelineTools } from '../pipelines/pipeline.js'

/** Characters of one prediction's logs: they are kept in its record, and sent with every answer that shows it. */
const mostCharacters = 16_384
const cut = '(the rest was left out)\n'

/** What a pipeline has to say of one input, a line each time, within bounds. */
export class RunLog {
  readonly tools: PipelineTools = { log: (text) => this.add(text) }
  private written = ''
  private isFull = false

  /** The member `logs` of a result; nothing where nothing was written. */
  get member(): { logs?: string } {
    return this.written === '' ? {} : { logs: this.written }
  }

  private add(value: unknown): void {
    if (this.isFull) return
    const text = typeof value === 'string' ? value : inspect(value)
    const line = text.endsWith('\n') ? text : `${text}\n`
    this.isFull = this.written.length + line.length > mostCharacters
    this.written += this.isFull ? cut : line
  }
}
