import { connect } from 'node:net'

/** A request as its bytes are written: nothing checks, completes or repairs it. */
export interface WireRequest {
  method: string
  path: string
  headers: readonly (readonly [string, string])[]
  body?: string | Uint8Array
}

export interface WireAnswer {
  /** Null where the server said nothing before it closed, or before the time was over. */
  status: number | null
  /** Names in lower case. */
  headers: ReadonlyMap<string, string>
  body: string
  /** Whether it answers a HEAD, so that it has no body. */
  isHead: boolean
  /** Whether `100 Continue` came before the answer. */
  wasContinued: boolean
  tookMs: number
}

export interface ExchangeOptions {
  port: number
  timeoutMs?: number
  /** Writes a byte each so many milliseconds, not all at once. */
  dripMs?: number
  /** Says after so long that nothing more will come: the server need not wait for the rest of half a request. */
  endAfterMs?: number
}

const silence = {
  status: null,
  headers: new Map<string, string>(),
  body: '',
  isHead: false,
  wasContinued: false,
}

/** The bytes of a request; a length is added for a body that has neither one nor an encoding. */
export function encodeRequest({ method, path, headers, body }: WireRequest): Buffer {
  const names = new Set(headers.map(([name]) => name.toLowerCase()))
  const bytes = Buffer.from(body ?? '')
  const isMeasured = names.has('content-length') || names.has('transfer-encoding')
  const length = body === undefined || isMeasured ? [] : [['Content-Length', String(bytes.length)] as const]
  const host = names.has('host') ? [] : [['Host', '127.0.0.1'] as const]
  const lines = [...host, ...headers, ...length].map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), bytes])
}

/** Sends bytes over a connection of their own, and gives the first answer to them. The connection is then cut. */
export function exchange(bytes: Uint8Array, options: ExchangeOptions): Promise<WireAnswer> {
  const { port, timeoutMs = 20_000, dripMs, endAfterMs } = options
  const startedAt = performance.now()
  const isHead = Buffer.from(bytes.subarray(0, 5)).toString('latin1') === 'HEAD '
  return new Promise((resolve) => {
    const received: Buffer[] = []
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    let drip: NodeJS.Timeout | undefined
    const end = endAfterMs === undefined ? undefined : setTimeout(() => socket.end(), endAfterMs)
    const finish = (isClosed: boolean) => {
      const answer = parseAnswer(Buffer.concat(received), { isHead, isClosed })
      if (answer === null && !isClosed) return
      clearTimeout(timer)
      clearTimeout(end)
      clearInterval(drip)
      socket.resetAndDestroy()
      resolve({ ...(answer ?? silence), tookMs: performance.now() - startedAt })
    }
    const timer = setTimeout(() => finish(true), timeoutMs)
    socket.on('data', (chunk) => {
      received.push(chunk)
      finish(false)
    })
    // A server that refuses early may reset the connection while the rest is still being written.
    socket.on('error', () => finish(true))
    socket.on('close', () => finish(true))
    if (dripMs === undefined) socket.write(bytes)
    else drip = dripInto(bytes, dripMs, (byte) => socket.write(byte))
  })
}

function dripInto(bytes: Uint8Array, everyMs: number, write: (byte: Uint8Array) => void): NodeJS.Timeout {
  let at = 0
  return setInterval(() => {
    if (at < bytes.length) write(bytes.subarray(at, ++at))
  }, everyMs)
}

interface Reading {
  isHead: boolean
  isClosed: boolean
}

/** Null while an answer is not whole; once the connection is closed it is what there is, or null when that is nothing. */
function parseAnswer(
  bytes: Buffer,
  reading: Reading,
  wasContinued = false,
): Omit<WireAnswer, 'tookMs'> | null {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return null
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1] ?? Number.NaN)
  const rest = bytes.subarray(end + 4)
  if (status >= 100 && status < 200) return parseAnswer(rest, reading, true)
  const headers = new Map(lines.map((line) => splitHeader(line)))
  const body = reading.isHead || status === 204 || status === 304 ? '' : readContent(rest, headers, reading)
  if (body === null) return null
  return { status: Number.isNaN(status) ? null : status, headers, body, isHead: reading.isHead, wasContinued }
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}

function readContent(
  bytes: Buffer,
  headers: ReadonlyMap<string, string>,
  { isClosed }: Reading,
): string | null {
  if (headers.get('transfer-encoding') === 'chunked') return joinChunks(bytes, isClosed)
  const length = headers.get('content-length')
  if (length === undefined) return isClosed ? bytes.toString('utf8') : null
  return bytes.length >= Number(length) || isClosed ? bytes.toString('utf8', 0, Number(length)) : null
}

function joinChunks(bytes: Buffer, isClosed: boolean): string | null {
  const chunks: Buffer[] = []
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    const size = lineEnd === -1 ? Number.NaN : Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    if (size === 0) return Buffer.concat(chunks).toString('utf8')
    const next = lineEnd + 2 + size
    if (Number.isNaN(size) || next > bytes.length)
      return isClosed ? Buffer.concat(chunks).toString('utf8') : null
    chunks.push(bytes.subarray(lineEnd + 2, next))
    at = next + 2
  }
}
