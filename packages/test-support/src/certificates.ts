import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Certificates {
  /** Files, as PEM. */
  ca: string
  cert: string
  key: string
}

const elliptic = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** A certificate for 127.0.0.1 and the authority that signed it, good for a day. Null where there is no `openssl`. */
export async function createCertificates(dir: string): Promise<Certificates | null> {
  const file = (name: string) => join(dir, name)
  const openssl = (...args: string[]) => run('openssl', args, { timeout: 20_000 })
  const files = { ca: file('ca.pem'), cert: file('server.pem'), key: file('server.key') }
  const authority = [
    '-x509',
    '-days',
    '1',
    '-subj',
    '/CN=Test authority',
    '-keyout',
    file('ca.key'),
    '-out',
    files.ca,
  ]
  const server = ['-x509', '-days', '1', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const signed = ['-CA', files.ca, '-CAkey', file('ca.key'), '-keyout', files.key, '-out', files.cert]
  try {
    await openssl('req', ...elliptic, ...authority)
    await openssl('req', ...elliptic, ...server, ...signed)
    return files
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
