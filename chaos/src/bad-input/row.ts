import type { WireAnswer, WireRequest } from './wire.js'

/** What rows are sent to: a running stack with the models of `writeTargetModels`, and keys of two tenants. */
export interface Target {
  port: number
  /** May predict and read, of the tenant that the rows belong to. */
  key: string
  /** May read only. */
  readKey: string
  /** May send one request a second. */
  slowKey: string
  /** An ended prediction of the rows' tenant. */
  endedId: string
  /** One of another tenant. */
  foreignId: string
}

export interface Expected {
  /** Several where more than one is right. */
  status: number | readonly number[]
  /** The problem's code; null: HTTP's own parser answers, without a body. Left out of answers that are no refusals. */
  code?: string | null
  /** Headers that the answer has. */
  headers?: Readonly<Record<string, RegExp>>
  /** Whether `100 Continue` comes before the answer. */
  isContinued?: boolean
  /** Where the first of `errors` points. */
  pointer?: string
}

/** One kind of bad input, and the answer to it. */
export interface Row {
  name: string
  /** A request, or bytes that are none. */
  request: WireRequest | Uint8Array
  expected: Expected
  /** Writes a byte each so many milliseconds. */
  dripMs?: number
}

const problemMembers = ['type', 'title', 'status', 'detail', 'instance', 'code', 'errors']
/** What no answer may tell: where files lie, which code ran, what Redis or ONNX Runtime said. */
const leak =
  /(?:^|[\s"'(])\/(?:[\w.-]+\/){2,}[\w.-]+\.(?:ts|js|onnx|mjs)\b|\.(?:ts|js):\d|onnxruntime|WRONGTYPE|NOSCRIPT|redis|\bat \w+ \(/i

interface Problem {
  status: number
  code: string
  errors: { pointer: string }[]
}

/** What is wrong with a refusal as such, or null. An answer without a body is one of HTTP's own parser. */
export function findProblemFault({ status, headers, body, isHead }: WireAnswer): string | null {
  const type = headers.get('content-type')
  if (body === '' && type === undefined) {
    // Node's own answer, on a connection that nothing more can be read from.
    return headers.get('connection') === 'close' ? null : `${status} without a body`
  }
  if (type !== 'application/problem+json') return `${status} as ${type}`
  if (isHead) return null
  const problem = parse(body)
  if (problem === null) return `a problem that is no JSON: ${body.slice(0, 200)}`
  const missing = problemMembers.filter((member) => !(member in problem))
  if (missing.length > 0) return `a problem without ${missing.join(', ')}`
  if (problem.status !== status) return `a problem of ${problem.status} in an answer of ${status}`
  return leak.test(body) ? `a problem that tells too much: ${body.slice(0, 300)}` : null
}

function parse(text: string): Problem | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Problem) : null
  } catch {
    return null
  }
}

/** How an answer differs from what its row expects, or null. */
export function findFault(expected: Expected, answer: WireAnswer): string | null {
  const { status, headers, body } = answer
  const statuses: readonly number[] =
    typeof expected.status === 'number' ? [expected.status] : expected.status
  const told = `${status} ${body.slice(0, 200)}`
  if (status === null || !statuses.includes(status)) return `expected ${statuses.join(' or ')}, got ${told}`
  for (const [name, pattern] of Object.entries(expected.headers ?? {}))
    if (!pattern.test(headers.get(name) ?? '')) return `${name} is ${headers.get(name) ?? 'missing'}`
  if (expected.isContinued !== undefined && expected.isContinued !== answer.wasContinued)
    return `expected ${expected.isContinued ? 'leave' : 'no leave'} to go on, got ${told}`
  if (status < 400) return null
  if (expected.code === null) return body === '' ? null : `expected no body, got ${told}`
  const fault = findProblemFault(answer)
  if (fault !== null) return fault
  const problem = parse(body)
  if (expected.code !== undefined && problem?.code !== expected.code)
    return `expected ${expected.code}, got ${told}`
  const [first] = problem?.errors ?? []
  if (expected.pointer !== undefined && first?.pointer !== expected.pointer)
    return `expected ${expected.pointer}, got ${told}`
  return null
}
