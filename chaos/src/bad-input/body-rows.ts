import { type Requests, json, validSum } from './requests.js'
import type { Row, Target } from './row.js'

const notJson = { status: 400, code: 'invalid_json' }
const invalid = { status: 422, code: 'invalid_input' }
const malformed = { status: 400, code: 'invalid_request' }
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

function syntax({ create, predictionOf }: Requests): Row[] {
  const of = (name: string, body: string | Uint8Array): Row => ({
    name,
    request: create(body),
    expected: notJson,
  })
  return [
    of('an empty body', ''),
    of('half a body', '{"version":"augur/sum:1","input":{"x":['),
    of('NaN', '{"version":"augur/sum:1","input":{"x":[NaN,1,2]}}'),
    of('single quotes', "{'version':'augur/sum:1'}"),
    of('a comma too many', '{"version":"augur/sum:1",}'),
    of('a comment', '{"version":"augur/sum:1"/* */}'),
    of('a byte order mark', `\uFEFF${JSON.stringify(validSum)}`),
    of('bytes that are no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])),
    of('UTF-16', Buffer.from(JSON.stringify(validSum), 'utf16le')),
    of('two documents', `${JSON.stringify(validSum)}${JSON.stringify(validSum)}`),
    of('33 levels', `{"version":"augur/sum:1","input":{"x":${nested(31)}}}`),
    of('half a million levels', '['.repeat(500_000)),
    of('half a million levels of objects', '{"a":'.repeat(100_000)),
    of('more values than may be', `[${'1,'.repeat(60_000)}1]`),
    {
      name: '32 levels',
      request: predictionOf('sum', `{"x":${nested(30)}}`),
      expected: { ...invalid, pointer: '/input/x' },
    },
  ]
}

/** Properties that two parsers may read in two ways. */
function names({ create, predictionOf, predict, infer, post }: Requests): Row[] {
  const of = (name: string, request: Row['request']): Row => ({ name, request, expected: notJson })
  const form = [['Content-Type', 'multipart/form-data; boundary=b']] as const
  const part = '--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n'
  return [
    of('the property __proto__', create(`{"version":"augur/sum:1","input":{"x":[1]},"__proto__":{"a":1}}`)),
    of('the property constructor', create({ ...validSum, constructor: { prototype: {} } })),
    of('the property prototype', create({ ...validSum, prototype: 1 })),
    of('a key of 5,000 characters', create({ ...validSum, ['k'.repeat(5000)]: 1 })),
    of('__proto__ as an input', predictionOf('sum', '{"__proto__":[1,2,3]}')),
    of('__proto__ beside an input', predictionOf('sum', '{"x":[1,2,3],"__proto__":{"polluted":true}}')),
    of('__proto__, escaped', predictionOf('sum', String.raw`{"x":[1,2,3],"\u005f_proto__":1}`)),
    of('an input twice', predictionOf('sum', '{"x":[1,2,3],"x":[4,5,6]}')),
    of(
      'the version twice',
      create('{"version":"augur/sum:1","version":"augur/sum:2","input":{"x":[1,2,3]}}'),
    ),
    of('a predict with __proto__', predict('{"input":{"x":[1,2,3],"__proto__":{}}}')),
    of('a form with __proto__', post('/api/v1/predict', `${part}{"__proto__":{}}\r\n--b--\r\n`, form)),
    of('/v2: inputs twice', infer('sum', '{"inputs":[],"inputs":[]}')),
  ]
}

function shape({ create }: Requests): Row[] {
  const of = (name: string, body: unknown): Row => ({ name, request: create(body), expected: invalid })
  const unknown = { status: 422, code: 'unknown_version' }
  const versionOf = (version: unknown) => create({ ...validSum, version })
  return [
    of('an array', []),
    of('a text', '"text"'),
    of('null', 'null'),
    of('a number', '1'),
    of('no version', { input: {} }),
    of('no input', { version: 'augur/sum:1' }),
    of('an unknown property', { ...validSum, status: 'succeeded' }),
    of('a version that is a number', { ...validSum, version: 1e9 }),
    of('a version that is an object', { ...validSum, version: {} }),
    of('an unknown webhook event', { ...validSum, webhook_events_filter: ['everything'] }),
    of('a stream that is a text', { ...validSum, stream: 'yes' }),
    ...['*', '../..', 'augur/nothing:1', 'augur/sum:9', 'a\r\nb', '\u0000', 'x'.repeat(5000)].map((name) => ({
      name: `the version ${JSON.stringify(name.slice(0, 20))}`,
      request: versionOf(name),
      expected: name.length > 300 ? invalid : unknown,
    })),
  ]
}

function headers(requests: Requests, target: Target): Row[] {
  const { create, get, post } = requests
  const prefer = (name: string, value: string, expected: Row['expected']): Row => ({
    name,
    request: create(validSum, [['Prefer', value]]),
    expected,
  })
  const key = (name: string, value: string): Row => ({
    name,
    request: create(validSum, [['Idempotency-Key', value]]),
    expected: malformed,
  })
  const query = (name: string, text: string): Row => ({
    name,
    request: get(`/api/v1/predictions?${text}`),
    expected: malformed,
  })
  const accepted = { status: 201 }
  const notAcceptable = { status: 406, code: 'not_acceptable' }
  return [
    prefer('a negative wait', 'wait=-1', malformed),
    prefer('a wait that is no number', 'wait=long', malformed),
    prefer('a wait beyond the limit', 'wait=999999999', accepted),
    key('an empty idempotency key', ''),
    key('an idempotency key of 256 characters', 'k'.repeat(256)),
    query('a cursor that is none', 'cursor=abc'),
    query('a limit of 0', 'limit=0'),
    query('a negative limit', 'limit=-1'),
    query('a limit of a billion', 'limit=1000000000'),
    {
      name: 'a wait of a poll that is no number',
      request: get(`/api/v1/predictions/${target.endedId}?wait=soon`),
      expected: malformed,
    },
    {
      name: 'one that ended, to be canceled',
      request: post(`/api/v1/predictions/${target.endedId}/cancel`, '', []),
      expected: { status: 200 },
    },
    {
      name: 'one that ended, to be canceled with a body of rubbish',
      request: post(`/api/v1/predictions/${target.endedId}/cancel`, '\0{', []),
      expected: { status: 200 },
    },
    {
      name: 'an Accept that no answer fits',
      request: get('/api/v1/predictions', [...requests.own, ['Accept', 'image/png']]),
      expected: notAcceptable,
    },
    {
      name: 'an Accept that no answer to a submission fits',
      request: create(validSum, [['Accept', 'text/html, application/json;q=0']]),
      expected: notAcceptable,
    },
  ]
}

function urls({ create }: Requests): Row[] {
  const denied = [
    'http://10.0.0.1/',
    'https://169.254.169.254/latest/meta-data',
    'https://[::ffff:169.254.169.254]/',
    'https://2130706433.internal/',
    'file:///etc/passwd',
    'gopher://example.com/',
    'https://user:password@example.com/',
    'https://example.com:22/',
    'https://0x0a000001/',
    'https://[fd00:ec2::254]/',
    'https://metadata.google.internal/',
    'not a url',
    `https://example.com/${'x'.repeat(2100)}`,
    'https://example.com/\r\nX-Injected: 1',
    'javascript:alert(1)',
  ]
  return denied.map((webhook) => ({
    name: `a webhook to ${JSON.stringify(webhook.slice(0, 50))}`,
    request: create({ ...validSum, webhook }),
    expected: { status: 422, pointer: '/webhook' },
  }))
}

function others({ post, predict, own }: Requests): Row[] {
  const form = (boundary: string, body: string) =>
    post('/api/v1/predict', body, [['Content-Type', `multipart/form-data; boundary=${boundary}`]])
  const lines = [['Content-Type', 'application/jsonl']] as const
  return [
    { name: 'a predict without input', request: predict({}), expected: invalid },
    { name: 'a predict with half a form', request: form('b', 'x'), expected: malformed },
    {
      name: 'a form without a boundary',
      request: post('/api/v1/predict', 'x', [['Content-Type', 'multipart/form-data']]),
      expected: malformed,
    },
    {
      name: 'a form with 33 levels',
      request: form('b', `--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n${nested(33)}\r\n--b--\r\n`),
      expected: notJson,
    },
    {
      name: 'a batch of nothing',
      request: post('/api/v1/batches?version=augur/sum:1', '', lines),
      expected: { status: [400, 415, 422] },
    },
    {
      name: 'an upload that is no form',
      request: post('/api/v1/files', 'x', json),
      expected: { status: [400, 415] },
    },
    {
      name: 'a new key, by a caller',
      request: { method: 'POST', path: '/admin/keys', headers: [...own, ...json], body: '{}' },
      expected: { status: 403 },
    },
    {
      name: 'a rollout, by a caller',
      request: {
        method: 'PUT',
        path: '/api/v1/models/augur/sum/rollout',
        headers: [...own, ...json],
        body: '{}',
      },
      expected: { status: [403, 405] },
    },
    {
      name: 'a model to unload, by a caller',
      request: post('/v2/repository/models/sum/unload', '{}'),
      expected: { status: 403 },
    },
  ]
}

/** Bodies, headers and queries that HTTP lets pass. */
export function bodyRows(requests: Requests, target: Target): Row[] {
  return [
    ...syntax(requests),
    ...names(requests),
    ...shape(requests),
    ...headers(requests, target),
    ...urls(requests),
    ...others(requests),
  ]
}
