import { type Requests, json, validSum } from './requests.js'
import type { Row, Target } from './row.js'

const raw = (text: string) => Buffer.from(text, 'latin1')
const closes = { connection: /^close$/ }

function unparsable({ own }: Requests): Row[] {
  const auth = own.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const head = `POST /api/v1/predictions HTTP/1.1\r\nHost: 127.0.0.1\r\n${auth}Content-Type: application/json\r\n`
  const refused = { status: 400, code: null, headers: closes }
  const of = (name: string, text: string, expected: Row['expected'] = refused): Row => ({
    name,
    request: raw(text),
    expected,
  })
  return [
    of('headers beyond 8 KiB', `GET /livez HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(9000)}\r\n\r\n`, {
      ...refused,
      status: 431,
    }),
    of('a URL beyond 8 KiB', `GET /${'x'.repeat(9000)} HTTP/1.1\r\nHost: h\r\n\r\n`, {
      ...refused,
      status: 431,
    }),
    of('a length and an encoding', `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
    of('two lengths', `${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`),
    of('a negative length', `${head}Content-Length: -1\r\n\r\n`),
    of('a length that is no number', `${head}Content-Length: 1e3\r\n\r\n`),
    of('a length beyond 64 bits', `${head}Content-Length: ${'9'.repeat(30)}\r\n\r\n`),
    of('an unknown transfer encoding', `${head}Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n`),
    of('no host', 'GET /livez HTTP/1.1\r\n\r\n'),
    of('a folded header', 'GET /livez HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n'),
    of('NUL in a header', 'GET /livez HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n'),
    of('a bare line feed before a header', 'GET /livez HTTP/1.1\r\nHost: h\r\nX: a\nY: b\rZ: c\r\n\r\n'),
    of('a space before the colon', 'GET /livez HTTP/1.1\r\nHost: h\r\nX : a\r\n\r\n'),
    of('TLS on a port without it', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
    of('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    of('an unknown version of HTTP', 'GET /livez HTTP/3.7\r\nHost: h\r\n\r\n'),
    of('a method that there is not', 'BREW /livez HTTP/1.1\r\nHost: h\r\n\r\n'),
    of('bytes that are no HTTP', '\0\0\0\0GARBAGE\r\n\r\n'),
    of('a chunk without a size', `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n`, {
      status: 400,
    }),
    {
      name: 'headers that take for ever',
      request: raw(`GET /livez HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(1000)}`),
      dripMs: 500,
      expected: { status: 408, code: null, headers: closes },
    },
  ]
}

function paths({ get, send }: Requests, { endedId }: Target): Row[] {
  const nothing = { status: 404, code: 'not_found' }
  const id = (text: string) => `/api/v1/predictions/${text}`
  const names = [
    '*',
    '{}',
    '%7B%7D',
    ':',
    '..',
    '%2e%2e%2fetc',
    '..%5c',
    'CON',
    'x.',
    `%E2%80%AE${'x'.repeat(3000)}`,
  ]
  return [
    { name: 'an unknown path', request: get('/api/v1/nothing'), expected: nothing },
    { name: 'an unknown path below /v2', request: get('/v2/nothing'), expected: nothing },
    { name: 'a traversal', request: get('/api/v1/../../etc/passwd'), expected: nothing },
    { name: 'an encoded traversal', request: get('/playground/..%2f..%2fpackage.json'), expected: nothing },
    { name: 'a broken percent encoding', request: get(id('%zz')), expected: nothing },
    { name: 'an encoding that is no UTF-8', request: get(id('%ff%fe')), expected: nothing },
    { name: 'CR and LF in an id', request: get(id('a%0d%0aSet-Cookie:%20x')), expected: nothing },
    ...names.map((name) => ({
      name: `the id ${name.slice(0, 20)}`,
      request: get(id(name)),
      expected: nothing,
    })),
    ...names.slice(0, 9).map((name) => ({
      name: `a model of the name ${name}`,
      request: get(`/v2/models/${name}`),
      expected: { status: [404, 400] },
    })),
    {
      name: 'a method that a path does not take',
      request: send('DELETE', '/api/v1/predictions'),
      expected: { status: 405, code: 'method_not_allowed', headers: { allow: /^GET, POST, OPTIONS$/ } },
    },
    { name: 'TRACE', request: send('TRACE', '/livez'), expected: { status: [405, 400] } },
    {
      name: 'OPTIONS',
      request: send('OPTIONS', '/api/v1/predictions'),
      expected: { status: 204, headers: { allow: /GET/ } },
    },
    {
      name: 'HEAD',
      request: send('HEAD', id(endedId)),
      expected: { status: 200, headers: { 'content-type': /json/ } },
    },
  ]
}

function callers({ get, post }: Requests, target: Target): Row[] {
  const refused = { status: 401, code: 'unauthenticated', headers: { 'www-authenticate': /^Bearer$/ } }
  const withKey = (value: string) => get('/api/v1/predictions', [['Authorization', value]])
  const hidden = { status: 404, code: 'not_found' }
  const readOnly = [['Authorization', `Bearer ${target.readKey}`] as const, ...json]
  return [
    { name: 'no key', request: get('/api/v1/predictions', []), expected: refused },
    { name: 'half a header', request: withKey('Bearer'), expected: refused },
    {
      name: 'an unknown key',
      request: withKey(`Bearer augur_000000000000_${'A'.repeat(43)}`),
      expected: refused,
    },
    { name: 'a key that is none', request: withKey('Bearer hello'), expected: refused },
    { name: 'another scheme', request: withKey(`Basic ${target.key}`), expected: refused },
    {
      name: 'a key in the query',
      request: get(`/api/v1/predictions?key=${target.key}&access_token=${target.key}`, []),
      expected: refused,
    },
    {
      name: 'a wrong ticket',
      request: get(`/api/v1/predictions/${target.endedId}/stream?ticket=abc`, []),
      expected: refused,
    },
    {
      name: 'a key without the scope to predict',
      request: {
        method: 'POST',
        path: '/api/v1/predictions',
        headers: readOnly,
        body: JSON.stringify(validSum),
      },
      expected: { status: 403, code: 'forbidden' },
    },
    {
      name: 'a key without the scope for keys',
      request: get('/admin/keys'),
      expected: { status: 403, code: 'forbidden' },
    },
    {
      name: 'a key without the scope for metrics',
      request: get('/metrics'),
      expected: { status: 403, code: 'forbidden' },
    },
    {
      name: 'a prediction of another tenant',
      request: get(`/api/v1/predictions/${target.foreignId}`),
      expected: hidden,
    },
    {
      name: 'a prediction of another tenant, to be canceled',
      request: post(`/api/v1/predictions/${target.foreignId}/cancel`, '', []),
      expected: hidden,
    },
    {
      name: 'a prediction that nobody made',
      request: get(`/api/v1/predictions/${target.endedId.slice(0, -4)}zzzz`),
      expected: hidden,
    },
    {
      name: 'an id that is too old to be kept',
      request: get(`/api/v1/predictions/${'0'.repeat(target.endedId.length)}`),
      expected: { status: [410, 404] },
    },
  ]
}

function bodies({ create, post, own }: Requests): Row[] {
  const valid = JSON.stringify(validSum)
  const chunked = (chunks: string, to = '/api/v1/predictions', type = 'application/json') =>
    raw(
      `POST ${to} HTTP/1.1\r\nHost: 127.0.0.1\r\n${own.map(([n, v]) => `${n}: ${v}\r\n`).join('')}` +
        `Content-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    )
  const declared = (length: number, ...more: (readonly [string, string])[]) =>
    create(valid, [['Content-Length', String(length)], ...more])
  const tooLarge = { status: 413, code: 'payload_too_large' }
  const unsupported = { status: 415, code: 'unsupported_media_type' }
  const otherType = { ...unsupported, headers: { 'accept-post': /^application\/json$/ } }
  const compressed = { ...unsupported, headers: { 'accept-encoding': /^identity$/ } }
  const path = '/api/v1/predictions'
  const storm = `${'1\r\n \r\n'.repeat(100_000)}0\r\n\r\n`
  const part = '--b\r\nContent-Disposition: form-data; name="content"; filename="f"\r\n\r\n'
  return [
    { name: 'no content type', request: post(path, valid, []), expected: otherType },
    {
      name: 'another content type',
      request: post(path, valid, [['Content-Type', 'text/xml']]),
      expected: otherType,
    },
    {
      name: 'a compressed body',
      request: create(valid, [['Content-Encoding', 'gzip']]),
      expected: compressed,
    },
    {
      name: 'a chain of encodings',
      request: create(valid, [['Content-Encoding', 'gzip, br, gzip']]),
      expected: compressed,
    },
    { name: 'a length of 2 GB', request: declared(2_000_000_000), expected: tooLarge },
    { name: 'a length of a petabyte', request: declared(1e15), expected: tooLarge },
    {
      name: 'a body over the limit in chunks',
      request: chunked(`${`10000\r\n${' '.repeat(65_536)}\r\n`.repeat(40)}0\r\n\r\n`),
      expected: tooLarge,
    },
    {
      name: 'a storm of small chunks',
      request: chunked(storm),
      expected: tooLarge,
    },
    {
      name: 'a storm of small chunks of a file',
      request: chunked(
        `${part.length.toString(16)}\r\n${part}\r\n${storm}`,
        '/api/v1/files',
        'multipart/form-data; boundary=b',
      ),
      expected: tooLarge,
    },
    {
      name: 'a storm of small chunks of a batch',
      request: chunked(storm, '/api/v1/batches?version=augur/sum:1', 'application/jsonl'),
      expected: tooLarge,
    },
    {
      name: 'a body that waits for leave to come',
      request: create(valid, [['Expect', '100-continue']]),
      expected: { status: 201, isContinued: true },
    },
    {
      name: 'a length of 2 GB that waits for leave to come',
      request: declared(2_000_000_000, ['Expect', '100-continue']),
      expected: { ...tooLarge, isContinued: false, headers: { connection: /^close$/ } },
    },
    {
      name: 'another type that waits for leave to come',
      request: post(path, valid, [
        ['Content-Type', 'text/xml'],
        ['Expect', '100-continue'],
      ]),
      expected: { ...otherType, isContinued: false },
    },
    {
      name: 'an unknown expectation',
      request: create(valid, [['Expect', 'the-unexpected']]),
      expected: { status: 417, code: 'expectation_failed', headers: { connection: /^close$/ } },
    },
  ]
}

/** What goes wrong before, or beside, the meaning of a body. */
export function httpRows(requests: Requests, target: Target): Row[] {
  return [
    ...unparsable(requests),
    ...paths(requests, target),
    ...callers(requests, target),
    ...bodies(requests),
  ]
}
