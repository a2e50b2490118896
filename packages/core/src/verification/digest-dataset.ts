import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** One file of a test set that is a folder with one folder for each class. */
export interface ClassFile {
  path: string
  /** Name of the folder that it lies in. */
  label: string
  name: string
}

/**
 * The sha256 over a test set: of a file over its bytes, of a folder over the names and bytes of its classes' files.
 * Rejects when it is not there.
 */
export async function digestDataset(path: string): Promise<string> {
  const hash = createHash('sha256')
  if ((await stat(path)).isDirectory()) {
    for (const file of await classFiles(path)) {
      hash.update(`${file.label}/${file.name}\0${(await stat(file.path)).size}\0`)
      await digestInto(hash, file.path)
    }
  } else await digestInto(hash, path)
  return hash.digest('hex')
}

async function digestInto(hash: ReturnType<typeof createHash>, path: string): Promise<void> {
  for await (const chunk of createReadStream(path)) hash.update(chunk)
}

/** In the same order everywhere, so that the digest is the same everywhere. Hidden files are none. */
export async function classFiles(path: string): Promise<ClassFile[]> {
  const files: ClassFile[] = []
  for (const label of await namesIn(path, 'folder')) {
    for (const name of await namesIn(join(path, label), 'file')) {
      files.push({ path: join(path, label, name), label, name })
    }
  }
  return files
}

async function namesIn(path: string, kind: 'folder' | 'file'): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true })
  return entries
    .filter((entry) => (kind === 'folder' ? entry.isDirectory() : entry.isFile()))
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('.'))
    .toSorted()
}
