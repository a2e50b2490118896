import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'

const partBytes = 1024 * 1024

/** The sha256 of an open file, in hexadecimal; its position stays where it is. */
export async function digestFile(handle: FileHandle): Promise<string> {
  const hash = createHash('sha256')
  const part = Buffer.allocUnsafe(partBytes)
  for (let position = 0; ; ) {
    const { bytesRead } = await handle.read(part, 0, partBytes, position)
    if (bytesRead === 0) return hash.digest('hex')
    hash.update(part.subarray(0, bytesRead))
    position += bytesRead
  }
}
