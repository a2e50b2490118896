import { resolve } from 'node:path'
import { createArtefactSource } from '@augur/core/models/staging/artefact-source'
import { stageVersion } from '@augur/core/models/staging/stage-version'
import type { FoundVersion, LocalVersion } from '@augur/core/models/version'
import { VerificationError } from '@augur/verification/verification-error'
import type { CliSettings } from '../config.js'

/** Where models lie, and how what is missing of them is fetched. */
export type ModelSettings = Pick<
  CliSettings,
  | 'AUGUR_MODELS_DIR'
  | 'AUGUR_DATA_DIR'
  | 'AUGUR_MODE'
  | 'AUGUR_MODEL_HOSTS'
  | 'AUGUR_MAX_MODEL_BYTES'
  | 'AUGUR_S3_ENDPOINT'
  | 'AUGUR_S3_REGION'
  | 'AUGUR_S3_ACCESS_KEY_ID'
  | 'AUGUR_S3_SECRET_ACCESS_KEY'
>

/**
 * The version with all of its files on this machine, as a worker would have it.
 * @throws VerificationError
 */
export async function stageLocally(version: FoundVersion, settings: ModelSettings): Promise<LocalVersion> {
  const { AUGUR_S3_ENDPOINT: endpoint, AUGUR_S3_REGION: region } = settings
  const source = createArtefactSource({
    mode: settings.AUGUR_MODE,
    hosts: settings.AUGUR_MODEL_HOSTS,
    s3: endpoint === undefined ? undefined : { endpoint, region, ...s3Keys(settings) },
  })
  try {
    const staged = await stageVersion(version, {
      dataDir: resolve(settings.AUGUR_DATA_DIR),
      limits: { maxBytes: settings.AUGUR_MAX_MODEL_BYTES },
      downloads: { source },
    })
    if (staged.ok) return staged.version
    const [first] = staged.problems
    throw new VerificationError(`${version.model}:${version.label}: ${first?.file} ${first?.reason}`)
  } finally {
    await source.close()
  }
}

const s3Keys = (settings: ModelSettings) => ({
  accessKeyId: settings.AUGUR_S3_ACCESS_KEY_ID,
  secretAccessKey: settings.AUGUR_S3_SECRET_ACCESS_KEY,
})
