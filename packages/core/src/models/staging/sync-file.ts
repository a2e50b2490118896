import { open } from 'node:fs/promises'

/** Brings a file's content to the disk: its name must not outlive a power failure that its content did not. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
