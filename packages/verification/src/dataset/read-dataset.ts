import { stat } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { VerificationError } from '../verification-error.js'
import { type Dataset, placeText } from './example.js'
import { readCsv } from './read-csv.js'
import { readImageFolder } from './read-image-folder.js'
import { readJsonLines } from './read-json-lines.js'

export interface DatasetOptions {
  /** Column of a CSV file that holds the label. */
  labelColumn: string
}

type Reader = (path: string, options: DatasetOptions) => Promise<Omit<Dataset, 'name'>>

const readers: Record<string, Reader> = {
  '.jsonl': readJsonLines,
  '.ndjson': readJsonLines,
  '.csv': readCsv,
}

/**
 * Reads a test set: JSON Lines, CSV, or a folder of images with one folder for each class.
 * @throws VerificationError when it is missing, of another kind, empty, or more broken than whole
 */
export async function readDataset(path: string, options: DatasetOptions): Promise<Dataset> {
  const dataset = { name: basename(path), ...(await (await readerOf(path))(path, options)) }
  const { examples, broken } = dataset
  const [first] = broken
  if (examples.length === 0) {
    const why = first ? `: ${placeText(first.at)} ${first.reason}` : ''
    throw new VerificationError(`${path} holds no example${why}`)
  }
  if (first && broken.length > examples.length) {
    const count = `${broken.length} of ${broken.length + examples.length} lines`
    throw new VerificationError(
      `${path} is no test set: ${count} are broken, first ${placeText(first.at)} ${first.reason}`,
    )
  }
  return dataset
}

async function readerOf(path: string): Promise<Reader> {
  const found = await stat(path).catch(() => null)
  if (!found) throw new VerificationError(`${path} does not exist`)
  if (found.isDirectory()) return readImageFolder
  const reader = readers[extname(path).toLowerCase()]
  if (reader) return reader
  throw new VerificationError(
    `${path} must end in .jsonl, .ndjson or .csv, or be a folder of images by class`,
  )
}
