import { join } from 'node:path'

/** Where staged versions and fetched files lie below the data folder. */
export function stagingFolders(dataDir: string): { versions: string; files: string } {
  const versions = join(dataDir, 'models')
  return { versions, files: join(versions, 'files') }
}
