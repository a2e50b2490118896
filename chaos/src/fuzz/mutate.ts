import fc from 'fast-check'
import type { Row } from '../bad-input/row.js'
import { encodeRequest, type WireRequest } from '../bad-input/wire.js'

/** Values that have broken some parser, or some arithmetic, before. */
const tokens = [
  'null',
  'true',
  '-0',
  '1e400',
  '1e39',
  '-1',
  '1.5',
  '2147483648',
  '9007199254740993',
  '"NaN"',
  '"9223372036854775808"',
  '[]',
  '{}',
  '[[]]',
  '""',
  '"\\ud800"',
  '"\\u0000"',
  '"__proto__"',
  '{"__proto__":{"a":1}}',
  '{"constructor":{}}',
  '{"shape":[1,3],"data":[1,2,3]}',
  '{"shape":[65536,65536],"base64":""}',
  '"data:image/png;base64,AAAA"',
  '"https://169.254.169.254/"',
] as const
const paths = [
  '..',
  '%2e%2e',
  '%00',
  '*',
  '%ff',
  ':',
  '//',
  '?wait=1',
  '?limit=-1',
  '?cursor=%00',
  '/stream',
  '/cancel',
]
const headers = [
  ['Prefer', 'wait=1'],
  ['Prefer', 'wait=1e9, respond-async'],
  ['Idempotency-Key', 'one'],
  ['Idempotency-Key', '"\\"'],
  ['Content-Type', 'application/json; charset=utf-7'],
  ['Content-Encoding', 'identity'],
  ['Transfer-Encoding', 'chunked'],
  ['Content-Length', '0'],
  ['Expect', '100-continue'],
  ['Accept', 'text/html'],
  ['Accept', '*/*;q=0'],
  ['Range', 'bytes=0-'],
  ['Cancel-After', '1ms'],
  ['Last-Event-ID', '999999999:9'],
  ['Inference-Header-Content-Length', '1'],
  ['X-Forwarded-For', '10.0.0.1'],
  ['X-Http-Method-Override', 'DELETE'],
  ['Upgrade', 'websocket'],
  ['Connection', 'close, content-length'],
] as const
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'QUERY'] as const

type Change = (request: WireRequest) => WireRequest
const text = (body: WireRequest['body']) =>
  typeof body === 'string' ? body : Buffer.from(body ?? '').toString('latin1')
const changeBody =
  (change: (body: string) => string): Change =>
  (request) => ({ ...request, body: change(text(request.body)) })
const at = (share: number, length: number) => Math.floor(share * length)

const share = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
/** Puts a token where a number, a text or a literal stands. */
const replaceValue = fc.tuple(share, fc.constantFrom(...tokens)).map(([where, token]) =>
  changeBody((body) => {
    const values = [...body.slice(0, 20_000).matchAll(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null/g)]
    const value = values[at(where, values.length)]
    if (value === undefined) return token
    return body.slice(0, value.index) + token + body.slice(value.index + value[0].length)
  }),
)
const insertJson = fc
  .tuple(share, fc.jsonValue({ maxDepth: 4 }))
  .map(([where, value]) =>
    changeBody(
      (body) =>
        body.slice(0, at(where, body.length)) + JSON.stringify(value) + body.slice(at(where, body.length)),
    ),
  )
const cutOut = fc
  .tuple(share, fc.nat({ max: 40 }))
  .map(([where, length]) =>
    changeBody((body) => body.slice(0, at(where, body.length)) + body.slice(at(where, body.length) + length)),
  )
const repeat = fc
  .tuple(share, fc.integer({ min: 1, max: 200 }), fc.integer({ min: 2, max: 50 }))
  .map(([where, length, times]) =>
    changeBody((body) => {
      const from = at(where, body.length)
      return body.slice(0, from) + body.slice(from, from + length).repeat(times) + body.slice(from + length)
    }),
  )
const newBody = fc.jsonValue({ maxDepth: 6 }).map((value) => changeBody(() => JSON.stringify(value)))
const addHeader = fc.constantFrom(...headers).map(
  (header): Change =>
    (request) => ({ ...request, headers: [...request.headers, header] }),
)
const dropHeader = share.map(
  (where): Change =>
    (request) => ({
      ...request,
      headers: request.headers.filter((_, i, all) => i !== at(where, all.length)),
    }),
)
const changePath = fc.tuple(share, fc.constantFrom(...paths)).map(
  ([where, part]): Change =>
    (request) => ({
      ...request,
      path: `/${request.path.slice(1, 1 + at(where, request.path.length))}${part}${request.path.slice(1 + at(where, request.path.length))}`,
    }),
)
const changeMethod = fc.constantFrom(...methods).map(
  (method): Change =>
    (request) => ({ ...request, method }),
)

const change = fc.oneof(
  { weight: 12, arbitrary: replaceValue },
  { weight: 2, arbitrary: insertJson },
  { weight: 1, arbitrary: cutOut },
  { weight: 1, arbitrary: repeat },
  { weight: 1, arbitrary: newBody },
  { weight: 2, arbitrary: addHeader },
  { weight: 1, arbitrary: dropHeader },
  { weight: 2, arbitrary: changePath },
  { weight: 1, arbitrary: changeMethod },
)

/** Bytes that are overwritten, wherever in the request they stand. */
const damage = fc.array(fc.tuple(share, fc.nat({ max: 255 })), { minLength: 1, maxLength: 8 })

function overwrite(bytes: Buffer, spots: readonly (readonly [number, number])[]): Buffer {
  const copy = Buffer.from(bytes)
  for (const [where, byte] of spots) if (copy.length > 0) copy[at(where, copy.length)] = byte
  return copy
}

/** Longer ones are sent as they are, by their rows: to write them over and over would measure the loopback. */
const longestMutated = 65_536

/** Requests that differ from some row's in one to three places, or by a few bytes. */
export function mutants(rows: readonly Row[]): fc.Arbitrary<Buffer> {
  const whole = rows.flatMap(({ request, dripMs }) => {
    const bytes = request instanceof Uint8Array ? Buffer.from(request) : encodeRequest(request)
    return dripMs === undefined && bytes.length <= longestMutated ? [{ request, bytes }] : []
  })
  const requests = whole.flatMap(({ request }) => (request instanceof Uint8Array ? [] : [request]))
  const meant = fc
    .tuple(fc.constantFrom(...requests), fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([request, changes]) => encodeRequest(changes.reduce((made, apply) => apply(made), request)))
  const damaged = fc
    .tuple(fc.constantFrom(...whole), damage)
    .map(([{ bytes }, spots]) => overwrite(bytes, spots))
  return fc.oneof({ weight: 4, arbitrary: meant }, { weight: 1, arbitrary: damaged })
}
