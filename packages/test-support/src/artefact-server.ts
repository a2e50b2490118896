import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { isSigned, type S3Keys } from './s3-signature.js'

/** What the server does with one request in place of serving the file. */
export interface ArtefactAnswer {
  status?: number
  location?: string
  /** Closes the connection after so many bytes of the body. */
  cutAfterBytes?: number
  /** Sends the headers and nothing more. */
  isSilent?: boolean
  /** Knows nothing of ranges, ETags and lengths. */
  isPlain?: boolean
}

export interface ArtefactRequest {
  /** With the query. */
  url: string
  headers: IncomingHttpHeaders
}

/** Serves files on loopback, with ranges and ETags, and fails on demand. */
export interface ArtefactServer {
  /** `http://127.0.0.1:port`. */
  url: string
  /** By path, such as `/bucket/model.onnx`. They may change while it runs. */
  files: Map<string, Uint8Array>
  requests: ArtefactRequest[]
  /** For the next requests, one each; then files are served as usual. */
  answers: ArtefactAnswer[]
  close(): Promise<void>
}

/** Starts a server of files on a free port. With `keys` it is an S3 store that wants each request signed with them. */
export async function startArtefactServer(keys?: S3Keys): Promise<ArtefactServer> {
  const files = new Map<string, Uint8Array>()
  const requests: ArtefactRequest[] = []
  const answers: ArtefactAnswer[] = []
  const server = createServer((request, response) => {
    const { url = '/', headers } = request
    requests.push({ url, headers })
    const answer = answers.shift() ?? {}
    if (keys && !isSigned(request, keys)) response.writeHead(403).end()
    else if (answer.status !== undefined)
      response.writeHead(answer.status, answer.location ? { location: answer.location } : {}).end('no file')
    else serve(request, response, files.get(decodeURIComponent(new URL(url, 'http://any').pathname)), answer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server must have a port.')
  return {
    url: `http://127.0.0.1:${address.port}`,
    files,
    requests,
    answers,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function serve(
  request: IncomingMessage,
  response: ServerResponse,
  file: Uint8Array | undefined,
  answer: ArtefactAnswer,
): void {
  if (!file) return void response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>')
  if (answer.isPlain) return void response.writeHead(200).end(file)
  const etag = `"${createHash('md5').update(file).digest('hex')}"`
  const start = rangeStart(request.headers, etag)
  if (start > 0 && start >= file.length)
    return void response.writeHead(416, { 'content-range': `bytes */${file.length}` }).end()
  const range = `bytes ${start}-${file.length - 1}/${file.length}`
  response.writeHead(start > 0 ? 206 : 200, {
    etag,
    'content-length': file.length - start,
    ...(start > 0 && { 'content-range': range }),
  })
  if (answer.isSilent) return response.flushHeaders()
  const part = file.subarray(start)
  if (answer.cutAfterBytes === undefined) return void response.end(part)
  response.write(part.subarray(0, answer.cutAfterBytes), () => response.destroy())
}

function rangeStart({ range = '', 'if-range': validator }: IncomingHttpHeaders, etag: string): number {
  if (validator !== undefined && validator !== etag) return 0
  return Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0)
}
