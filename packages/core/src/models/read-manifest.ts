import { isFault, missing, openOwnFile } from './open-own-file.js'
import { type Manifest, manifestSchema } from './manifest.js'
import type { Fault } from './repository-problem.js'

export const manifestFile = 'manifest.json'

const maxManifestBytes = 4 * 1024 * 1024

/** The manifest of a folder, what is wrong with it, or undefined where there is none. */
export async function readManifest(folder: string): Promise<Manifest | Fault[] | undefined> {
  const handle = await openOwnFile(folder, manifestFile)
  if (isFault(handle)) return handle.reason === missing(manifestFile).reason ? undefined : [handle]
  try {
    const { size } = await handle.stat()
    if (size > maxManifestBytes) return [{ ...invalid('is larger than 4 MiB'), code: 'too_large' }]
    return parseManifest(await handle.readFile('utf8'))
  } catch {
    return [invalid('cannot be read')]
  } finally {
    await handle.close()
  }
}

function parseManifest(text: string): Manifest | Fault[] {
  const json = parseJson(text)
  if (json === undefined) return [invalid('is not JSON')]
  const parsed = manifestSchema.safeParse(json)
  if (parsed.success) return parsed.data
  return parsed.error.issues.map(({ path, message }) => invalid(message, path.join('.')))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function invalid(reason: string, field = ''): Fault {
  return { code: 'invalid_manifest', file: manifestFile, reason, ...(field !== '' && { field }) }
}
