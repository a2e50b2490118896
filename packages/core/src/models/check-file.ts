import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { digestFile } from './digest-file.js'
import { FileMemory } from './file-memory.js'
import { readOnnx } from './onnx/read-onnx.js'
import { fileSource } from './onnx/wire-reader.js'
import { isFault, openOwnFile } from './open-own-file.js'
import type { Fault } from './repository-problem.js'

/** Sizes beyond which a model is refused. */
export interface ModelLimits {
  /** All files of one version together. */
  maxBytes: number
}

/** What is known of files already, so that a look at an unchanged repository reads none of them again. */
export function createRepositoryMemory() {
  return {
    digests: new FileMemory(digestFile),
    models: new FileMemory(async (handle) => readOnnx(await fileSource(handle))),
  }
}
export type RepositoryMemory = ReturnType<typeof createRepositoryMemory>

/** A file that may be used. */
export interface CheckedFile {
  path: string
  bytes: number
  sha256: string
}

const lfsPointer = Buffer.from('version https://git-lfs.github.com/spec/')

/** Checks that a version's file is its own, has content, and has the sha256 that is declared, if one is. */
export async function checkFile(
  folder: string,
  { path, sha256 }: { path: string; sha256?: string },
  memory: RepositoryMemory,
): Promise<CheckedFile | Fault> {
  const handle = await openOwnFile(folder, path)
  if (isFault(handle)) return handle
  try {
    if (await isLfsPointer(handle))
      return fault(path, 'is a git-lfs pointer, not the file itself: run `git lfs pull`')
    const { size } = await handle.stat()
    const digest = await memory.digests.of(join(folder, path), handle)
    if (sha256 !== undefined && digest !== sha256)
      return {
        ...fault(path, 'does not have the sha256 that the manifest declares'),
        code: 'checksum_mismatch',
      }
    return { path, bytes: size, sha256: digest }
  } catch {
    return fault(path, 'cannot be read')
  } finally {
    await handle.close()
  }
}

function fault(file: string, reason: string): Fault {
  return { code: 'missing_file', file, reason }
}

async function isLfsPointer(handle: FileHandle): Promise<boolean> {
  const start = Buffer.alloc(lfsPointer.length)
  await handle.read(start, 0, start.length, 0)
  return start.equals(lfsPointer)
}
