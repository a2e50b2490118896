import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { Dataset, Example } from './example.js'

const mediaTypes: Record<string, string> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
}

/** Reads `<folder>/<class>/<image>`: the label of an image is the name of the folder it lies in. */
export async function readImageFolder(path: string): Promise<Omit<Dataset, 'name'>> {
  const hash = createHash('sha256')
  const examples: Example[] = []
  const broken: Dataset['broken'] = []
  for (const label of await namesIn(path, 'folder')) {
    for (const name of await namesIn(join(path, label), 'file')) {
      const file = join(path, label, name)
      const at = { file, line: null }
      const mediaType = mediaTypes[extname(name).toLowerCase()]
      if (mediaType === undefined) {
        broken.push({ at, reason: 'is no PNG, JPEG or WebP file' })
        continue
      }
      const content = await readFile(file)
      hash.update(`${label}/${name}\0${content.length}\0`).update(content)
      examples.push({ at, label, input: async () => ({ image: await dataUri(file, mediaType) }) })
    }
  }
  return { sha256: hash.digest('hex'), examples, broken }
}

/** In the same order everywhere, so that the digest is the same everywhere. Hidden ones are none. */
async function namesIn(path: string, kind: 'folder' | 'file'): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true })
  return entries
    .filter((entry) => (kind === 'folder' ? entry.isDirectory() : entry.isFile()))
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('.'))
    .toSorted()
}

async function dataUri(file: string, mediaType: string): Promise<string> {
  return `data:${mediaType};base64,${(await readFile(file)).toString('base64')}`
}
