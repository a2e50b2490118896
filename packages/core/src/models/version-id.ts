import { createHash } from 'node:crypto'
import type { Manifest } from './manifest.js'
import type { VersionId } from './version.js'

/** The id of a version: what decides its answers, hashed. How it is served and verified stays outside. */
export function versionId({ inputs, outputs, pipeline, files }: Manifest): VersionId {
  // Where a file is fetched from does not change what is in it.
  const byPath = files
    .map(({ path, sha256 }) => ({ path, sha256 }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
  return createHash('sha256')
    .update(canonicalJson({ inputs, outputs, pipeline, files: byPath }))
    .digest('hex')
}

/** JSON with the keys of every object sorted, so that equal values give equal text. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
