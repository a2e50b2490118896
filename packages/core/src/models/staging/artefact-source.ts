import { S3mini } from 's3mini'
import { parseAllowList } from '../../outbound/allow-list.js'
import { createGuardedAgent, type GuardedAgent } from '../../outbound/guarded-agent.js'
import { createTrustedAgent } from '../../outbound/trusted-agent.js'

export interface ArtefactSettings {
  mode: 'development' | 'production'
  /** Hosts that are not public and may be fetched from: `host`, `host:port` or a CIDR range. */
  hosts: readonly string[]
  s3?: S3Settings | undefined
}

/** An S3-compatible store. Without keys, objects are fetched without a signature. */
export interface S3Settings {
  /** `http://` or `https://`, without the bucket: it is trusted, wherever it leads. */
  endpoint: string
  region: string
  accessKeyId?: string | undefined
  secretAccessKey?: string | undefined
}

/** How to reach an artefact now. */
export interface ArtefactAddress {
  agent: GuardedAgent
  url: string
  maxRedirects: number
}

/** Knows how to reach what `files[].url` names. */
export interface ArtefactSource {
  /** undefined for an `s3://` URL where no endpoint is set. */
  locate(url: string): Promise<ArtefactAddress | undefined>
  close(): Promise<void>
}

const signatureSeconds = 3600
const maxRedirects = 5

/**
 * Creates what fetches remote artefacts. Everything goes through guarded agents: public hosts, and those of the
 * settings.
 * @throws ConfigError when an entry of `hosts` is malformed.
 */
export function createArtefactSource({ mode, hosts, s3 }: ArtefactSettings): ArtefactSource {
  parseAllowList(hosts, 'AUGUR_MODEL_HOSTS')
  const agent = createGuardedAgent({ mode, allow: hosts })
  const store = s3 && { settings: s3, agent: createTrustedAgent(s3.endpoint) }
  return {
    async locate(url) {
      if (!url.startsWith('s3://')) return { agent, url, maxRedirects }
      // A signature is for one host, so a redirect could not be followed with it.
      return store && { agent: store.agent, url: await sign(store.settings, url), maxRedirects: 0 }
    },
    async close() {
      await Promise.all([agent.close(), store?.agent.close()])
    },
  }
}

function sign(settings: S3Settings, url: string): Promise<string> | string {
  const { endpoint, region, accessKeyId, secretAccessKey } = settings
  const [bucket = '', ...key] = url.slice('s3://'.length).split('/')
  const root = `${endpoint.replace(/\/+$/, '')}/${bucket}`
  if (!accessKeyId || !secretAccessKey) return `${root}/${key.map(encodeURIComponent).join('/')}`
  const client = new S3mini({ accessKeyId, secretAccessKey, region, endpoint: root })
  return client.getPresignedUrl('GET', key.join('/'), signatureSeconds)
}
