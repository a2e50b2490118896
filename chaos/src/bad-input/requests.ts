import type { Target } from './row.js'
import type { WireRequest } from './wire.js'

type Headers = readonly (readonly [string, string])[]

export const json: Headers = [['Content-Type', 'application/json']]
const bearer = (key: string): Headers => [['Authorization', `Bearer ${key}`]]

/** Text is sent as it is, anything else as JSON. */
const bodyOf = (value: unknown) =>
  typeof value === 'string' || value instanceof Uint8Array ? value : JSON.stringify(value)

/** What callers of the rows' tenant send. */
export function requestsTo(target: Target) {
  const own = bearer(target.key)
  const post = (path: string, body: unknown, headers: Headers = json): WireRequest => ({
    method: 'POST',
    path,
    headers: [...own, ...headers],
    body: bodyOf(body),
  })
  return {
    own,
    post,
    get: (path: string, headers: Headers = own): WireRequest => ({ method: 'GET', path, headers }),
    send: (method: string, path: string, headers: Headers = []): WireRequest => ({
      method,
      path,
      headers: [...own, ...headers],
    }),
    create: (body: unknown, headers: Headers = []) =>
      post('/api/v1/predictions', body, [...json, ...headers]),
    /** A prediction of a model with this input; text is taken for JSON. */
    predictionOf: (model: string, input: unknown, headers: Headers = []) =>
      post(
        '/api/v1/predictions',
        `{"version":"augur/${model}:1","input":${typeof input === 'string' ? input : JSON.stringify(input)}}`,
        [...json, ...headers],
      ),
    predict: (body: unknown) => post('/api/v1/predict', body),
    infer: (model: string, inputs: unknown, headers: Headers = json) =>
      post(`/v2/models/${model}/infer`, typeof inputs === 'string' ? inputs : { inputs }, headers),
  }
}

export type Requests = ReturnType<typeof requestsTo>

export const validSum = { version: 'augur/sum:1', input: { x: [1, 2, 3] } }
