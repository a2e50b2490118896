import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type S3Server, startS3Server } from '@augur/test-support/s3-server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createGuardedAgent } from '../outbound/guarded-agent.js'
import { FolderPayloadStore } from './folder-payload-store.js'
import type { PayloadStore } from './payload-store.js'
import { PayloadStoreError, S3PayloadStore } from './s3-payload-store.js'

const keys = { region: 'eu-test-1', accessKeyId: 'access', secretAccessKey: 'secret' }
const bucket = 'augur'

let folder: string
let s3: S3Server
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'augur-payloads-'))
  s3 = await startS3Server(bucket, keys)
})
afterEach(async () => {
  await s3.close()
  await rm(folder, { recursive: true, force: true })
})

const s3Store = (change: Partial<typeof keys> = {}) =>
  new S3PayloadStore({ bucket, prefix: 'here/', endpoint: s3.url, ...keys, ...change })
const stores: Record<string, () => PayloadStore> = {
  'a folder': () => new FolderPayloadStore(folder),
  'an S3 store': s3Store,
}

const digest = (content: Uint8Array) => createHash('sha256').update(content).digest('hex')
const bytesOf = async (stream: ReadableStream<Uint8Array> | null) =>
  stream && Buffer.from(await new Response(stream).arrayBuffer())

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

async function* chunksOf(content: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size)
}

async function* brokenOff(): AsyncGenerator<Buffer> {
  yield Buffer.alloc(9_000_000, 1)
  throw new Error('the sender left')
}

describe.each(Object.entries(stores))('%s', (_, create) => {
  test('gives back what was put, as a whole and as a stream, until it is deleted', async () => {
    const store = create()
    await store.put('a/b/one.json', Buffer.from('{"a":1}'))
    await store.put('a/b/one.json', Buffer.from('{"a":22}'))
    expect(String(await store.get('a/b/one.json'))).toBe('{"a":22}')
    expect(String(await bytesOf(await store.open('a/b/one.json')))).toBe('{"a":22}')
    expect(await store.sizeBytes('a/b/one.json')).toBe(8)
    await store.delete('a/b/one.json')
    await store.delete('a/b/one.json')
    expect(await store.get('a/b/one.json')).toBeNull()
    expect(await store.open('a/b/one.json')).toBeNull()
    expect(await store.sizeBytes('a/b/one.json')).toBeNull()
  })

  test.each([0, 1, 8 * 1024 * 1024, 20_000_001])('keeps a stream of %d bytes as it is', async (size) => {
    const store = create()
    const content = Buffer.alloc(size, 'augur ')
    await store.putStream('files/large', chunksOf(content, 300_000))
    const kept = await bytesOf(await store.open('files/large'))
    expect(kept?.length).toBe(size)
    expect(digest(kept ?? Buffer.alloc(1))).toBe(digest(content))
    expect(await store.sizeBytes('files/large')).toBe(size)
  })

  test('keeps nothing of a stream that breaks off', async () => {
    const store = create()
    await expect(store.putStream('files/half', brokenOff())).rejects.toThrow('the sender left')
    expect(await store.get('files/half')).toBeNull()
    expect(await all(store.list())).toEqual([])
  })

  test('lists everything with the time of its writing', async () => {
    const store = create()
    expect(await all(store.list())).toEqual([])
    const names = Array.from({ length: 1003 }, (_each, i) => `x/${i % 7}/${i}`)
    await Promise.all(names.map((name) => store.put(name, Buffer.from('.'))))
    const listed = await all(store.list())
    expect(listed.map(({ key }) => key).toSorted()).toEqual(names.toSorted())
    for (const { writtenAt } of listed) expect(Math.abs(writtenAt - Date.now())).toBeLessThan(60_000)
  }, 30_000)
})

test('a stream that breaks off leaves no file in the folder', async () => {
  const store = new FolderPayloadStore(folder)
  await expect(store.putStream('x', brokenOff())).rejects.toThrow('the sender left')
  expect(await readdir(folder)).toEqual([])
})

test('a stream that breaks off leaves no unfinished upload in the bucket', async () => {
  const large = async function* () {
    for (let i = 0; i < 3; i++) yield Buffer.alloc(9_000_000, 1)
    throw new Error('the sender left')
  }
  await expect(s3Store().putStream('x', large())).rejects.toThrow('the sender left')
  expect([...s3.objects.keys()]).toEqual([])
  expect(s3.openUploads()).toBe(0)
})

test('an object is written by a process that sends through undici elsewhere', async () => {
  const agent = createGuardedAgent({ mode: 'development', allow: [] })
  await s3Store().put('one', Buffer.from('1'))
  expect(String(await s3Store().get('one'))).toBe('1')
  await agent.close()
})

test('the size of an object is asked for once, whether it is there or not', async () => {
  await s3Store().put('one', Buffer.from('123'))
  s3.methods.length = 0
  expect(await s3Store().sizeBytes('one')).toBe(3)
  expect(await s3Store().sizeBytes('none')).toBeNull()
  expect(s3.methods).toEqual(['HEAD', 'HEAD'])
  const refused = s3Store({ secretAccessKey: 'wrong' }).sizeBytes('one')
  await expect(refused).rejects.toThrow('could not be read in the S3 store (403')
})

test('objects are below the prefix, and those outside it are not listed', async () => {
  await s3Store().put('one', Buffer.from('1'))
  s3.objects.set('elsewhere/two', { content: Buffer.from('2'), writtenAt: new Date() })
  expect([...s3.objects.keys()]).toEqual(['here/one', 'elsewhere/two'])
  expect((await all(s3Store().list())).map(({ key }) => key)).toEqual(['one'])
})

test('a refusal of the S3 store says what it was, and neither keys nor addresses', async () => {
  const failed = await s3Store({ secretAccessKey: 'wrong' })
    .put('one', Buffer.from('1'))
    .catch((error: unknown) => error)
  expect(failed).toBeInstanceOf(PayloadStoreError)
  expect(String(failed)).toMatch(/could not be written in the S3 store \(403/)
  expect(String(failed)).not.toMatch(/wrong|127\.0\.0\.1/)
})

test('an S3 store that is away is an error, not an empty one', async () => {
  await s3.close()
  await expect(s3Store().get('one')).rejects.toThrow(PayloadStoreError)
  await expect(all(s3Store().list())).rejects.toThrow(PayloadStoreError)
  s3 = await startS3Server(bucket, keys)
})
