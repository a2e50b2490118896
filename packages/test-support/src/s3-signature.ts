import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

export interface S3Keys {
  region: string
  accessKeyId: string
  secretAccessKey: string
}

/** Whether a request's URL carries a signature (AWS version 4, in the query) that was made with these keys. */
export function isSigned({ method = '', url = '', headers }: IncomingMessage, keys: S3Keys): boolean {
  const { pathname, search } = new URL(url, 'http://any')
  const pairs = search.slice(1).split('&').filter(Boolean).toSorted()
  const [given] = pairs.filter((pair) => pair.startsWith('X-Amz-Signature='))
  const query = pairs.filter((pair) => pair !== given).join('&')
  const signed = new URLSearchParams(query)
  const names = (signed.get('X-Amz-SignedHeaders') ?? '').split(';')
  const canonical = [
    method,
    pathname,
    query,
    ...names.map((name) => `${name}:${String(headers[name])}`),
    '',
    names.join(';'),
    'UNSIGNED-PAYLOAD',
  ].join('\n')
  const time = signed.get('X-Amz-Date') ?? ''
  if (signed.get('X-Amz-Credential') !== credentialOf(time, keys)) return false
  return given === `X-Amz-Signature=${signatureOf(canonical, time, keys)}`
}

/** The same for a signature in the header, which covers the body as well. */
export function isSignedByHeader(
  { method = '', url = '', headers }: IncomingMessage,
  body: Uint8Array,
  keys: S3Keys,
): boolean {
  const shape = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/
  const [, credential, names = '', given] = shape.exec(headers.authorization ?? '') ?? []
  const { pathname, search } = new URL(url, 'http://any')
  const hash = String(headers['x-amz-content-sha256'])
  if (hash !== 'UNSIGNED-PAYLOAD' && hash !== createHash('sha256').update(body).digest('hex')) return false
  const canonical = [
    method,
    pathname,
    search.slice(1).split('&').filter(Boolean).toSorted().join('&'),
    ...names.split(';').map((name) => `${name}:${String(headers[name])}`),
    '',
    names,
    hash,
  ].join('\n')
  const time = String(headers['x-amz-date'])
  return credential === credentialOf(time, keys) && given === signatureOf(canonical, time, keys)
}

const scopeOf = (time: string, { region }: S3Keys) => `${time.slice(0, 8)}/${region}/s3/aws4_request`
const credentialOf = (time: string, keys: S3Keys) => `${keys.accessKeyId}/${scopeOf(time, keys)}`

function signatureOf(canonical: string, time: string, keys: S3Keys): string {
  const digest = createHash('sha256').update(canonical).digest('hex')
  const key = [time.slice(0, 8), keys.region, 's3', 'aws4_request'].reduce<Buffer | string>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${keys.secretAccessKey}`,
  )
  const text = ['AWS4-HMAC-SHA256', time, scopeOf(time, keys), digest].join('\n')
  return createHmac('sha256', key).update(text).digest('hex')
}
