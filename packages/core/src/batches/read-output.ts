import { type Batch, stopMessages, type StopReason } from './batch.js'
import type { BatchStore } from './batch-store.js'
import type { ChunkState } from './chunk.js'
import type { BatchOutput, ChunkFiles } from './chunk-files.js'
import { type ChunkLine, decodeLines, errorLine, failureText, type LineFailure } from './chunk-lines.js'

export interface ReadOutputContext {
  batches: Pick<BatchStore, 'chunks'>
  chunkFiles: ChunkFiles
}

/**
 * Results or errors of a batch as JSON Lines in the order of its lines; of one that has not ended, what is finished
 * so far. Holds one file of one chunk at a time.
 */
export async function* readOutput(
  { batches, chunkFiles }: ReadOutputContext,
  batch: Batch,
  output: BatchOutput,
): AsyncGenerator<Uint8Array> {
  for (const chunk of await batches.chunks(batch)) {
    const { done } = chunk
    if (done === null) continue
    if (done.results + done.errors > 0) yield* chunkFiles.readOutput(batch.folder, chunk, output)
    else if (output === 'errors') yield await errorsOfUnrun(chunkFiles, batch, chunk, done.word)
  }
}

/** Of a chunk that nobody has run, every line failed for the same reason, but for those that were never valid. */
async function errorsOfUnrun(
  files: ChunkFiles,
  { folder, stop }: Batch,
  { number, firstLine, lines: count }: ChunkState,
  word: string,
): Promise<Uint8Array> {
  const failure = failureText(isLost(word) ? lost(word) : unrun(stop ?? 'canceled'))
  const text = await files.readInput(folder, number)
  const lines = text === null ? Array.from({ length: count }, () => unreadable) : decodeLines(text)
  const texts = lines.map((line, i) =>
    errorLine(firstLine + i, line.customId, line.isValid ? failure : line.failure),
  )
  return Buffer.from(texts.join(''))
}

const unreadable: ChunkLine = { customId: 'null', isValid: true, input: '' }

/** Why a line has no result that was left out when its batch stopped. */
export const unrun = (stop: StopReason): LineFailure => ({ error: stopMessages[stop], error_code: stop })

/** Chunks of a batch that was stopped have the reason of that, or none. */
const isLost = (word: string) => word !== '' && word !== 'version_gone'

const lost = (code: string): LineFailure => ({
  error: 'The workers that ran this line were lost, or failed, too often.',
  error_code: code,
})
