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
  const scope = `${time.slice(0, 8)}/${keys.region}/s3/aws4_request`
  if (signed.get('X-Amz-Credential') !== `${keys.accessKeyId}/${scope}`) return false
  const digest = createHash('sha256').update(canonical).digest('hex')
  const key = [time.slice(0, 8), keys.region, 's3', 'aws4_request'].reduce<Buffer | string>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${keys.secretAccessKey}`,
  )
  const text = ['AWS4-HMAC-SHA256', time, scope, digest].join('\n')
  return given === `X-Amz-Signature=${createHmac('sha256', key).update(text).digest('hex')}`
}
