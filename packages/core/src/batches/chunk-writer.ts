import type { BatchUploads } from './batch-uploads.js'
import type { ChunkFiles } from './chunk-files.js'

export interface ChunkWriterOptions {
  files: Pick<ChunkFiles, 'putInput'>
  uploads: Pick<BatchUploads, 'note'>
  folder: string
  /** Most lines of a chunk. */
  chunkLines: number
  now(): number
}

/** A chunk is closed when it holds as many characters, so that whoever runs it holds no more either. */
const mostCharacters = 1024 * 1024
const mostWriting = 2

/** Cuts the lines of a batch into chunks, and stores each when it is full. */
export class ChunkWriter {
  /** Lines of each chunk that was begun to be stored. */
  readonly sizes: number[] = []
  private lines: string[] = []
  private characters = 0
  private total = 0
  private readonly writing = new Set<Promise<void>>()

  constructor(private readonly options: ChunkWriterOptions) {}

  /** Lines so far. */
  get count(): number {
    return this.total
  }

  /** Whether `room` has to be waited for before the next line. */
  get isFull(): boolean {
    return this.writing.size >= mostWriting
  }

  add(line: string): void {
    this.lines.push(line)
    this.characters += line.length
    this.total++
    if (this.lines.length >= this.options.chunkLines || this.characters >= mostCharacters) this.store()
  }

  /** Resolves when there is room for the next line, and rejects when a chunk could not be stored. */
  async room(): Promise<void> {
    if (this.isFull) await Promise.race(this.writing)
  }

  /** Resolves when everything is stored. */
  async end(): Promise<void> {
    if (this.lines.length > 0) this.store()
    await Promise.all(this.writing)
  }

  /** Resolves when nothing is being stored any more, whatever came of it. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.writing)
  }

  private store(): void {
    const { lines } = this
    this.lines = []
    this.characters = 0
    const chunk = this.sizes.push(lines.length) - 1
    const stored = this.put(chunk, lines.join('\n'))
    this.writing.add(stored)
    // One that failed stays, so that whoever waits next learns of it.
    stored.then(
      () => this.writing.delete(stored),
      () => {},
    )
  }

  private async put(chunk: number, text: string): Promise<void> {
    const { files, uploads, folder, now } = this.options
    await uploads.note({ folder, chunks: chunk + 1, writtenAt: now() })
    await files.putInput(folder, chunk, text)
  }
}
