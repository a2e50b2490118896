import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { isSignedByHeader, type S3Keys } from './s3-signature.js'

export interface S3Object {
  content: Buffer
  writtenAt: Date
}

/** An S3 store with one bucket on loopback: objects, uploads in parts and lists, for requests that are signed right. */
export interface S3Server {
  /** `http://127.0.0.1:port`. */
  url: string
  /** By key. They may change while it runs. */
  objects: Map<string, S3Object>
  /** Methods of the requests so far. */
  methods: string[]
  /** Uploads in parts that were neither completed nor aborted. */
  openUploads(): number
  close(): Promise<void>
}

interface S3Request {
  method: string
  key: string
  query: URLSearchParams
  body: Buffer
}

type Answer = { status: number; body?: Buffer | string; headers?: Record<string, string> }

/** Starts it on a free port. */
export async function startS3Server(bucket: string, keys: S3Keys): Promise<S3Server> {
  const store = new Bucket()
  const methods: string[] = []
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    methods.push(request.method ?? '')
    const body = await buffer(request)
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://any')
    const path = decodeURIComponent(pathname)
    const key = path.slice(`/${bucket}/`.length)
    const isRight = isSignedByHeader(request, body, keys) && `${path}/`.startsWith(`/${bucket}/`)
    const answer = isRight
      ? store.answer({ method: request.method ?? '', key, query, body })
      : problem(403, 'SignatureDoesNotMatch')
    const xml = typeof answer.body === 'string' ? { 'content-type': 'application/xml' } : {}
    const content = answer.body ?? ''
    const length = {
      'content-length': String(answer.headers?.['content-length'] ?? Buffer.byteLength(content)),
    }
    response.writeHead(answer.status, { ...xml, ...answer.headers, ...length })
    response.end(request.method === 'HEAD' ? undefined : content)
  }
  // Closing idle connections would race with a client that sends on one of them.
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    serve(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server must have a port.')
  return {
    url: `http://127.0.0.1:${address.port}`,
    objects: store.objects,
    methods,
    openUploads: () => store.uploads.size,
    async close() {
      if (!server.listening) return
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function problem(status: number, code: string): Answer {
  return { status, body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>` }
}

const etagOf = (content: Buffer) => `"${createHash('md5').update(content).digest('hex')}"`
const pageSize = 1000

class Bucket {
  readonly objects = new Map<string, S3Object>()
  readonly uploads = new Map<string, Map<number, Buffer>>()

  answer(request: S3Request): Answer {
    const { method, query } = request
    if (query.has('uploads') || query.has('uploadId')) return this.upload(request)
    if (method === 'PUT') return this.put(request.key, request.body)
    if (method === 'DELETE') return this.remove(request.key)
    return request.key === '' ? this.list(query) : this.get(request.key)
  }

  private put(key: string, content: Buffer): Answer {
    this.objects.set(key, { content, writtenAt: new Date() })
    return { status: 200, headers: { etag: etagOf(content) } }
  }

  private remove(key: string): Answer {
    this.objects.delete(key)
    return { status: 204 }
  }

  private get(key: string): Answer {
    const found = this.objects.get(key)
    if (!found) return problem(404, 'NoSuchKey')
    const length = { 'content-length': String(found.content.length) }
    return { status: 200, body: found.content, headers: { etag: etagOf(found.content), ...length } }
  }

  private list(query: URLSearchParams): Answer {
    const prefix = query.get('prefix') ?? ''
    const after = query.get('continuation-token') ?? ''
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).toSorted()
    const page = keys.slice(0, Math.min(pageSize, Number(query.get('max-keys') ?? pageSize)))
    const contents = page.map((key) => this.entry(key)).join('')
    const isCut = page.length < keys.length
    const next = isCut ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ''
    const state = `<KeyCount>${page.length}</KeyCount><IsTruncated>${isCut}</IsTruncated>${next}`
    return {
      status: 200,
      body: `<?xml version="1.0"?><ListBucketResult>${state}${contents}</ListBucketResult>`,
    }
  }

  private entry(key: string): string {
    const { content, writtenAt } = this.objects.get(key) ?? {
      content: Buffer.alloc(0),
      writtenAt: new Date(),
    }
    const facts = `<Size>${content.length}</Size><LastModified>${writtenAt.toISOString()}</LastModified>`
    return `<Contents><Key>${key}</Key>${facts}<ETag>${etagOf(content)}</ETag></Contents>`
  }

  private upload({ method, key, query, body }: S3Request): Answer {
    if (query.has('uploads')) {
      const id = `upload-${this.uploads.size + 1}-${Date.now()}`
      this.uploads.set(id, new Map())
      const result = `<Bucket>any</Bucket><Key>${key}</Key><UploadId>${id}</UploadId>`
      return {
        status: 200,
        body: `<?xml version="1.0"?><InitiateMultipartUploadResult>${result}</InitiateMultipartUploadResult>`,
      }
    }
    const id = query.get('uploadId') ?? ''
    const parts = this.uploads.get(id)
    if (!parts) return problem(404, 'NoSuchUpload')
    if (method === 'PUT') {
      parts.set(Number(query.get('partNumber')), body)
      return { status: 200, headers: { etag: etagOf(body) } }
    }
    this.uploads.delete(id)
    if (method === 'DELETE') return { status: 204 }
    const content = Buffer.concat([...parts].toSorted(([a], [b]) => a - b).map(([, part]) => part))
    this.put(key, content)
    const result = `<Location>here</Location><Bucket>any</Bucket><Key>${key}</Key><ETag>${etagOf(content)}</ETag>`
    return {
      status: 200,
      body: `<?xml version="1.0"?><CompleteMultipartUploadResult>${result}</CompleteMultipartUploadResult>`,
    }
  }
}
