import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { classFiles, digestDataset } from '@augur/core/verification/digest-dataset'
import type { Dataset, Example } from './example.js'

const mediaTypes: Record<string, string> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
}

/** Reads `<folder>/<class>/<image>`: the label of an image is the name of the folder it lies in. */
export async function readImageFolder(path: string): Promise<Omit<Dataset, 'name'>> {
  const examples: Example[] = []
  const broken: Dataset['broken'] = []
  for (const { path: file, label, name } of await classFiles(path)) {
    const at = { file, line: null }
    const mediaType = mediaTypes[extname(name).toLowerCase()]
    if (mediaType === undefined) broken.push({ at, reason: 'is no PNG, JPEG or WebP file' })
    else examples.push({ at, label, input: async () => ({ image: await dataUri(file, mediaType) }) })
  }
  return { sha256: await digestDataset(path), examples, broken }
}

async function dataUri(file: string, mediaType: string): Promise<string> {
  return `data:${mediaType};base64,${(await readFile(file)).toString('base64')}`
}
