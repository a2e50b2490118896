import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { errnoOf } from '../errno.js'
import type { FoundVersion, VersionId } from '../models/version.js'
import { type Verification, verificationFile, verificationSchema } from './verification.js'
import { stateOf, type VerificationState } from './verification-state.js'

/** The digest of a test set as it is now; undefined where it is not there. */
export type DigestOf = (path: string) => Promise<string | undefined>

/** What the verifications beside versions say of them, for each version that has a baseline or a verification. */
export async function readVerifications(
  versions: readonly FoundVersion[],
  digestOf: DigestOf,
): Promise<Map<VersionId, VerificationState>> {
  const states = new Map<VersionId, VerificationState>()
  for (const version of versions) {
    const verification = await readVerification(version.folder)
    if (verification === null && version.manifest.baseline === undefined) continue
    states.set(version.id, await judge(verification, version, versions, digestOf))
  }
  return states
}

async function judge(
  verification: Verification | 'unreadable' | null,
  { id, model, folder, manifest }: FoundVersion,
  versions: readonly FoundVersion[],
  digestOf: DigestOf,
): Promise<VerificationState> {
  if (verification === null) return { state: 'missing' }
  if (verification === 'unreadable') return { state: 'void', reason: 'unreadable' }
  const { label } = verification.baseline
  const dataset = manifest.verification?.dataset
  return stateOf(verification, {
    version: id,
    baseline: versions.find((each) => each.model === model && each.label === label)?.id,
    datasetSha256: dataset === undefined ? undefined : await digestOf(resolve(folder, dataset)),
  })
}

/** Null where a version has none. */
export async function readVerification(folder: string): Promise<Verification | 'unreadable' | null> {
  try {
    const text = await readFile(join(folder, verificationFile), 'utf8')
    const parsed = verificationSchema.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : 'unreadable'
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? null : 'unreadable'
  }
}
