import { join } from 'node:path'
import { ConfigError, type SharedSettings } from '../config.js'
import { FolderPayloadStore } from './folder-payload-store.js'
import type { PayloadStore } from './payload-store.js'
import { S3PayloadStore } from './s3-payload-store.js'

/**
 * The store that AUGUR_PAYLOAD_STORE names, or a folder of the data folder.
 * @throws ConfigError when the settings of the S3 store are incomplete
 */
export function createPayloadStore(settings: SharedSettings, dataDir: string): PayloadStore {
  const { AUGUR_PAYLOAD_STORE: store } = settings
  if (store === undefined) return new FolderPayloadStore(join(dataDir, 'payloads'))
  const [bucket = '', ...path] = store.slice('s3://'.length).split('/').filter(Boolean)
  return new S3PayloadStore({
    bucket,
    prefix: path.map((part) => `${part}/`).join(''),
    ...accessOf(settings),
  })
}

function accessOf(settings: SharedSettings) {
  const {
    AUGUR_S3_ENDPOINT: endpoint,
    AUGUR_S3_ACCESS_KEY_ID: accessKeyId,
    AUGUR_S3_SECRET_ACCESS_KEY: secretAccessKey,
  } = settings
  if (endpoint === undefined || accessKeyId === undefined || secretAccessKey === undefined) {
    const needed = 'AUGUR_S3_ENDPOINT, AUGUR_S3_ACCESS_KEY_ID and AUGUR_S3_SECRET_ACCESS_KEY'
    throw new ConfigError(`AUGUR_PAYLOAD_STORE needs ${needed}.`)
  }
  return { endpoint, region: settings.AUGUR_S3_REGION, accessKeyId, secretAccessKey }
}
