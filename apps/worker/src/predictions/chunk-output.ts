import { errorLine, failureText, resultLine } from '@augur/core/batches/chunk-lines'
import {
  type BatchOutput,
  batchOutputs,
  type ChunkAttempt,
  type ChunkFiles,
} from '@augur/core/batches/chunk-files'
import type { JsonText } from '@augur/core/predictions/prediction'
import type { ItemOutcome } from '@augur/inference/run-in-halves'
import type { ItemResult } from '@augur/inference/runner/protocol'
import { failureMessages } from './run-micro-batch.js'

/** What is held before it is stored, in characters. */
const mostHeld = 4 * 1024 * 1024

/** Results and errors of one chunk, in the order in which its lines are added; stored in parts that fit in memory. */
export class ChunkOutput {
  /** Lines so far. */
  completed = 0
  failed = 0
  /** Files so far. */
  readonly parts: Record<BatchOutput, number> = { results: 0, errors: 0 }
  private held: Record<BatchOutput, string> = { results: '', errors: '' }

  constructor(
    private readonly files: ChunkFiles,
    private readonly attempt: ChunkAttempt,
  ) {}

  add(line: number, customId: JsonText, outcome: ItemOutcome<ItemResult>): void {
    if (outcome.kind === 'ran' && outcome.result.ok) {
      this.completed++
      this.held.results += resultLine(line, customId, outcome.result.output)
    } else {
      this.addFailed(line, customId, failureOf(outcome))
    }
  }

  /** `failure` holds the members of its error line, as JSON text. */
  addFailed(line: number, customId: JsonText, failure: JsonText): void {
    this.failed++
    this.addUnrun(line, customId, failure)
  }

  /** Neither completed nor failed: its batch was stopped before. */
  addUnrun(line: number, customId: JsonText, failure: JsonText): void {
    this.held.errors += errorLine(line, customId, failure)
  }

  /** Stores what is held, if it is much or the last. */
  async store(isLast: boolean): Promise<void> {
    for (const output of batchOutputs) {
      const text = this.held[output]
      if (text === '' || (text.length < mostHeld && !isLast)) continue
      this.held[output] = ''
      await this.files.putOutput(this.attempt, output, this.parts[output]++, text)
    }
  }

  /** Deletes what was stored in vain. */
  async discard(): Promise<void> {
    await this.files.deleteOutput(this.attempt, this.parts)
  }
}

function failureOf(outcome: ItemOutcome<ItemResult>): JsonText {
  if (outcome.kind === 'failed') {
    return failureText({ error: failureMessages[outcome.code], error_code: outcome.code })
  }
  const { result } = outcome
  return result.ok ? '{}' : failureText({ error: result.message, error_code: result.code })
}
