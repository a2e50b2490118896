import { createTestContext, type TestContext } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFile, type CreateFileContext, type NewFile } from './create-file.js'
import { FileStore } from './file-store.js'
import { receiveContent } from './receive-content.js'
import { removeExpiredFiles } from './remove-expired-files.js'
import { fileKey, type StoredFile } from './stored-file.js'

const hour = 3_600_000
const fileLimits = { maxBytes: 10_000, maxFiles: 1, maxTotalBytes: 100_000, types: [], retentionMs: hour }
const repeated = { name: 'a', metadata: {}, idempotency: { key: 'k', fingerprint: 'f' } }

let context: TestContext & CreateFileContext
beforeEach(async () => {
  context = { ...(await createTestContext()), fileLimits }
})
afterEach(() => context.close())

/** Its answers never come, though what was asked for is done. */
class SilentFileStore extends FileStore {
  override async create(file: StoredFile, limits: typeof fileLimits): Promise<never> {
    await super.create(file, limits)
    throw new Error('the connection is lost')
  }
}

async function* once(text: string) {
  yield Buffer.from(text)
}

async function upload(wanted: NewFile = { ...repeated, idempotency: null }, used = context) {
  const content = await receiveContent(used, once('content'), '')
  return { content, created: createFile(used, content, wanted) }
}

const silent = () => ({ ...context, files: new SilentFileStore(context.redis, context.keys) })
const usage = () => context.files.usage(context.tenant)

test('a file whose creation was not answered keeps its bytes, and goes when its time is over', async () => {
  const { content, created } = await upload(undefined, silent())
  await expect(created).rejects.toThrow('the connection is lost')
  expect(String(await context.payloadStore.get(fileKey(content)))).toBe('content')
  expect(await usage()).toEqual({ files: 1, bytes: 7 })
  context.clock.now += hour + 1
  await removeExpiredFiles(context)
  expect(await context.payloadStore.get(fileKey(content))).toBeNull()
  expect(await usage()).toEqual({ files: 0, bytes: 0 })
})

test('who tries again with the key gets the file of the first try, with its bytes', async () => {
  const first = await upload(repeated, silent())
  await expect(first.created).rejects.toThrow('the connection is lost')
  // A quota of one file is used up, which is not looked at before the key here.
  const content = await receiveContent(
    { ...context, fileLimits: { ...fileLimits, maxFiles: 2 } },
    once('content'),
    '',
  )
  const { file } = await createFile(context, content, repeated)
  expect(file.contentId).toBe(first.content.contentId)
  expect(String(await context.payloadStore.get(fileKey(file)))).toBe('content')
  expect(await context.payloadStore.get(fileKey(content))).toBeNull()
  expect(await usage()).toEqual({ files: 1, bytes: 7 })
})

test('what is refused is removed at once', async () => {
  const [one, two] = [
    await receiveContent(context, once('1'), ''),
    await receiveContent(context, once('2'), ''),
  ]
  await createFile(context, one, { ...repeated, idempotency: null })
  const refused = createFile(context, two, { ...repeated, idempotency: null })
  await expect(refused).rejects.toMatchObject({ code: 'quota_exceeded' })
  expect(await context.payloadStore.get(fileKey(two))).toBeNull()
  expect(await context.files.isAnnounced(context.tenant, two.contentId)).toBe(false)
})
