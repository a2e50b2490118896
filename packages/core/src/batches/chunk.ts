/** How many files of results and of errors a chunk has; both are numbered from 0. */
export interface StoredChunk {
  results: number
  errors: number
}

/** One chunk of a batch. */
export interface ChunkState {
  number: number
  /** Number of its first line; lines count from 1. */
  firstLine: number
  lines: number
  /** Which of its queue jobs is the valid one. */
  epoch: number
  /** Whether a worker has begun it. */
  isClaimed: boolean
  /** Null while it is worked on or waits. */
  done: ChunkEnd | null
}

/** `word` is the token that its files are named by or, where it has none, why its lines were not run (may be empty). */
export interface ChunkEnd extends StoredChunk {
  word: string
}

function decodeEnd(text: string | undefined): ChunkEnd | null {
  if (text === undefined) return null
  const [results, errors, word = ''] = text.split(',')
  return { results: Number(results), errors: Number(errors), word }
}

/** The chunks of a batch by their sizes and what its hash says of them. */
export function decodeChunks(sizes: readonly number[], fields: Record<string, string>): ChunkState[] {
  let firstLine = 1
  return sizes.map((lines, number) => {
    const state = {
      number,
      firstLine,
      lines,
      epoch: Number(fields[`${number}:epoch`] ?? 0),
      isClaimed: fields[`${number}:token`] !== undefined,
      done: decodeEnd(fields[`${number}:done`]),
    }
    firstLine += lines
    return state
  })
}
