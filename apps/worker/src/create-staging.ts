import { resolve } from 'node:path'
import { type ArtefactSource, createArtefactSource } from '@augur/core/models/staging/artefact-source'
import type { StageOptions } from '@augur/core/models/staging/stage-options'
import type { WorkerSettings } from './config.js'

export type Staging = Pick<StageOptions, 'dataDir' | 'limits'> & { downloads: { source: ArtefactSource } }

/** How this worker gets models' files: where they are put, how large they may be, and where they are fetched from. */
export function createStaging(settings: WorkerSettings): Staging {
  const { AUGUR_S3_ENDPOINT: endpoint, AUGUR_S3_REGION: region } = settings
  const source = createArtefactSource({
    mode: settings.AUGUR_MODE,
    hosts: settings.AUGUR_MODEL_HOSTS,
    s3: endpoint === undefined ? undefined : { endpoint, region, ...s3Keys(settings) },
  })
  return {
    dataDir: resolve(settings.AUGUR_DATA_DIR),
    limits: { maxBytes: settings.AUGUR_MAX_MODEL_BYTES },
    downloads: { source },
  }
}

const s3Keys = (settings: WorkerSettings) => ({
  accessKeyId: settings.AUGUR_S3_ACCESS_KEY_ID,
  secretAccessKey: settings.AUGUR_S3_SECRET_ACCESS_KEY,
})
