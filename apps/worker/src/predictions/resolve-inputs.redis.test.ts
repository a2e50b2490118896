import { createFile } from '@augur/core/files/create-file'
import { receiveContent } from '@augur/core/files/receive-content'
import { createGuardedAgent, type GuardedAgent } from '@augur/core/outbound/guarded-agent'
import { type ArtefactServer, startArtefactServer } from '@augur/test-support/artefact-server'
import { createTestContext, type TestContext } from '@augur/test-support/test-context'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FetchedFiles } from './fetch-ahead.js'
import { resolveInputs } from './resolve-inputs.js'

const hour = 3_600_000
const png = Buffer.from('\x89PNG\r\n\x1a\n and pixels', 'latin1')
const limits = { maxBytes: 10_000, maxFiles: 10, maxTotalBytes: 100_000, types: [], retentionMs: hour }

let core: TestContext
let server: ArtefactServer
let agent: GuardedAgent
beforeEach(async () => {
  core = await createTestContext()
  server = await startArtefactServer()
  server.files.set('/a.png', png)
  agent = createGuardedAgent({ mode: 'development', allow: [] })
})
afterEach(async () => {
  await agent.close()
  await server.close()
  await core.close()
})

const resolveAll = (images: string[], tenant = 'acme', used = agent) =>
  resolveInputs(
    { ...core, fetched: new FetchedFiles(), agent: used, fetchLimits: { maxBytes: 1000, timeoutMs: 2000 } },
    ['image'],
    images.map((image) => ({ tenant, form: 'pipeline', input: JSON.stringify({ image, topK: 2 }) })),
  )
const resolveOne = async (image: string, tenant = 'acme') => (await resolveAll([image], tenant))[0]
const resolved = (bytes: Buffer) => ({
  ok: true,
  input: JSON.stringify({ image: bytes.toString('base64'), topK: 2 }),
})
const refused = (message: string) => ({
  ok: false,
  code: 'invalid_input',
  message: `image: the file ${message}`,
})

async function upload(content: Buffer, tenant = 'acme') {
  const context = { ...core, tenant, fileLimits: limits }
  const bytes = async function* () {
    yield content
  }
  const received = await receiveContent(context, bytes(), '')
  const { file } = await createFile(context, received, { name: 'a', metadata: {}, idempotency: null })
  return file
}

describe('a file of our own', () => {
  test.each([
    ['its URL', (id: string) => `https://augur.example/api/v1/files/${id}`],
    ['its URL behind a proxy', (id: string) => `http://any.example/augur/api/v1/files/${id}`],
    ['its download URL', (id: string) => `http://localhost:8000/api/v1/files/${id}/download?ticket=acme.1.x`],
  ])('is read from where it is kept, by %s', async (_, urlOf) => {
    const { id } = await upload(png)
    expect(await resolveOne(urlOf(id))).toEqual(resolved(png))
  })

  test('of another tenant is not there, and nor is one that expired or was never there', async () => {
    const { id } = await upload(png)
    const url = `http://127.0.0.1:1/api/v1/files/${id}`
    expect(await resolveOne(url, 'globex')).toEqual(refused('does not exist any more'))
    expect(await resolveOne(url.replace(/.{8}$/, '00000000'))).toEqual(refused('does not exist any more'))
    core.clock.now += hour + 1
    expect(await resolveOne(url)).toEqual(refused('does not exist any more'))
    expect(server.requests).toEqual([])
  })

  test('is not too large for an input, and an image', async () => {
    const [large, text] = [await upload(Buffer.alloc(1001)), await upload(Buffer.from('text'))]
    expect(await resolveOne(`http://a/api/v1/files/${large.id}`)).toEqual(
      refused('is larger than 1000 bytes'),
    )
    expect(await resolveOne(`http://a/api/v1/files/${text.id}`)).toEqual(refused('is no PNG, JPEG or WebP'))
  })
})

describe('a file of somebody else', () => {
  test('is fetched, redirects included, and once for all who name it', async () => {
    const url = `${server.url}/a.png`
    server.answers.push({ status: 302, location: '/a.png' })
    expect(await resolveAll([url, url, url])).toEqual([1, 2, 3].map(() => resolved(png)))
    expect(server.requests.length).toBe(2)
    expect(server.requests[0]?.headers).toMatchObject({ 'accept-encoding': 'identity' })
    expect(server.requests[0]?.headers).not.toHaveProperty('authorization')
  })

  test.each([
    ['is not there', { status: 404 }, 'could not be fetched: the answer was 404'],
    ['breaks off', { cutAfterBytes: 4 }, 'could not be fetched: The connection failed'],
    ['does not come', { isSilent: true }, 'could not be fetched within 2 s'],
    [
      'redirects to a host that is not public',
      { status: 302, location: 'http://10.0.0.1/' },
      'could not be fetched: The address is not public.',
    ],
    [
      'redirects to no http',
      { status: 302, location: 'file:///etc/passwd' },
      'could not be fetched: The URL does not start with',
    ],
  ])('that %s fails its input and no other', async (_, answer, message) => {
    server.answers.push(answer)
    const [failed, right] = await resolveAll([`${server.url}/a.png`, png.toString('base64')])
    expect(failed).toMatchObject({ ok: false, code: 'invalid_input' })
    expect(JSON.stringify(failed)).toContain(`image: the file ${message}`)
    expect(JSON.stringify(failed)).not.toContain('127.0.0.1')
    expect(right).toEqual(resolved(png))
  })

  test.each([true, false])('is too large, with its length said (%s) or not', async (isSaid) => {
    server.files.set('/large.png', Buffer.alloc(1001))
    server.answers.push({ isPlain: !isSaid })
    expect(await resolveOne(`${server.url}/large.png`)).toEqual(refused('is larger than 1000 bytes'))
  })

  test('that was fetched ahead is not fetched again, once', async () => {
    const url = `${server.url}/a.png`
    const fetched = new FetchedFiles()
    fetched.put('p1', url, { ok: true, bytes: png })
    const context = { ...core, agent, fetched, fetchLimits: { maxBytes: 1000, timeoutMs: 2000 } }
    const input = JSON.stringify({ image: url, topK: 2 })
    const resolve = () =>
      resolveInputs(context, ['image'], [{ id: 'p1', tenant: 'acme', form: 'pipeline', input }])
    expect(await resolve()).toEqual([resolved(png)])
    expect(server.requests.length).toBe(0)
    expect(await resolve()).toEqual([resolved(png)])
    expect(server.requests.length).toBe(1)
  })

  test('is not fetched once there are as many bytes as may be, and one always is', async () => {
    const inputs = ['a', 'b', 'c'].map((name) => {
      server.files.set(`/${name}.png`, Buffer.concat([png, Buffer.alloc(900)]))
      const input = JSON.stringify({ image: `${server.url}/${name}.png`, topK: 2 })
      return { tenant: 'acme', form: 'pipeline' as const, input }
    })
    const context = {
      ...core,
      agent,
      fetched: new FetchedFiles(),
      fetchLimits: { maxBytes: 1000, timeoutMs: 2000 },
    }
    expect(await resolveInputs(context, ['image'], inputs, { mostBytes: 2000 })).toHaveLength(2)
    expect(await resolveInputs(context, ['image'], inputs, { mostBytes: 1 })).toHaveLength(1)
    expect(await resolveInputs(context, ['image'], inputs)).toHaveLength(3)
  })

  test('is not waited for once nobody needs it any more', async () => {
    server.answers.push({ isSilent: true })
    const stop = new AbortController()
    const input = JSON.stringify({ image: `${server.url}/a.png` })
    const resolving = resolveInputs(
      { ...core, agent, fetched: new FetchedFiles(), fetchLimits: { maxBytes: 1000, timeoutMs: 600_000 } },
      ['image'],
      Array.from({ length: 20 }, () => ({ tenant: 'acme', form: 'pipeline', input })),
      { signal: stop.signal },
    )
    await expect.poll(() => server.requests.length).toBe(1)
    stop.abort()
    expect((await resolving).length).toBeLessThan(20)
  })

  test('is not fetched where the policy does not allow it', async () => {
    const strict = createGuardedAgent({ mode: 'production', allow: [] })
    const [outcome] = await resolveAll([`${server.url}/a.png`], 'acme', strict)
    expect(outcome).toMatchObject({ ok: false, code: 'invalid_input' })
    expect(server.requests).toEqual([])
    await strict.close()
  })
})

test('an input without a URL, or for tensors, is passed on as the text it is', async () => {
  const texts = ['{"pixels":[1]}', '{"image":"aGk=","note":"http"}', '{ "image" : "aGk=" }']
  const inputs = texts.map((input) => ({ tenant: 'acme', form: 'pipeline' as const, input }))
  const tensors = { tenant: 'acme', form: 'tensors' as const, input: '{"image":"http://a"}' }
  const context = {
    ...core,
    fetched: new FetchedFiles(),
    agent,
    fetchLimits: { maxBytes: 1000, timeoutMs: 2000 },
  }
  const outcomes = await resolveInputs(context, ['image'], [...inputs, tensors])
  expect(outcomes).toEqual([...inputs, tensors].map(({ input }) => ({ ok: true, input })))
})
