import { type BatchId, type ModelTag, tagOfId } from '../ids.js'
import type { PayloadStore } from '../payloads/payload-store.js'
import type { Batch } from './batch.js'
import type { ChunkState } from './chunk.js'

/** The two downloads of a batch. */
export const batchOutputs = ['results', 'errors'] as const
export type BatchOutput = (typeof batchOutputs)[number]

const inputKey = (folder: string, chunk: number) => `${folder}/${chunk}.lines`
const outputKey = (folder: string, chunk: number, token: string, output: BatchOutput, part: number) =>
  `${folder}/${chunk}.${token}.${output}.${part}.jsonl`

/** Files that are deleted at a time. */
const atATime = 32

/** One attempt at a chunk: its files are its own, so that one which lost its claim overwrites nothing. */
export interface ChunkAttempt {
  folder: string
  chunk: number
  token: string
}

/** The folder for the chunks of a batch, relative to the payload store. */
export function chunkFolder(id: BatchId): string {
  return `batches/${tagOfId(id)}/${id}`
}

export function tagOfFolder(folder: string): ModelTag {
  return folder.split('/')[1] ?? ''
}

/** What the chunks of a batch are made of and come to, in the payload store. */
export class ChunkFiles {
  constructor(private readonly store: PayloadStore) {}

  async putInput(folder: string, chunk: number, lines: string): Promise<void> {
    await this.store.put(inputKey(folder, chunk), Buffer.from(lines))
  }

  /** Null when it is not kept (any more). */
  async readInput(folder: string, chunk: number): Promise<string | null> {
    const content = await this.store.get(inputKey(folder, chunk))
    return content === null ? null : content.toString('utf8')
  }

  async putOutput(
    { folder, chunk, token }: ChunkAttempt,
    output: BatchOutput,
    part: number,
    lines: string,
  ): Promise<void> {
    await this.store.put(outputKey(folder, chunk, token, output, part), Buffer.from(lines))
  }

  /** What a chunk has of that output, file by file. */
  async *readOutput(
    folder: string,
    { number, done }: ChunkState,
    output: BatchOutput,
  ): AsyncGenerator<Buffer> {
    if (done === null) return
    for (let part = 0; part < done[output]; part++) {
      const content = await this.store.get(outputKey(folder, number, done.word, output, part))
      if (content === null) throw new Error(`${output} of a chunk are gone`)
      yield content
    }
  }

  /** Deletes what an attempt stored that is not counted. */
  async deleteOutput(attempt: ChunkAttempt, parts: Record<BatchOutput, number>): Promise<void> {
    await this.delete(outputKeys(attempt, parts))
  }

  async deleteInputs(folder: string, chunks: number): Promise<void> {
    await this.delete(Array.from({ length: chunks }, (_, chunk) => inputKey(folder, chunk)))
  }

  /** Deletes everything of a batch. Returns how many files that may have been. */
  async deleteAll({ folder }: Pick<Batch, 'folder'>, chunks: readonly ChunkState[]): Promise<number> {
    const keys = chunks.flatMap(({ number, done }) => [
      inputKey(folder, number),
      ...(done === null ? [] : outputKeys({ folder, chunk: number, token: done.word }, done)),
    ])
    await this.delete(keys)
    return keys.length
  }

  private async delete(keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += atATime)
      await Promise.all(keys.slice(at, at + atATime).map((key) => this.store.delete(key)))
  }
}

function outputKeys({ folder, chunk, token }: ChunkAttempt, parts: Record<BatchOutput, number>): string[] {
  return batchOutputs.flatMap((output) =>
    Array.from({ length: parts[output] }, (_, part) => outputKey(folder, chunk, token, output, part)),
  )
}
