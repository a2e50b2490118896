import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApi, problemOf, type TestApi } from '../test/test-api.js'
import { filePageSchema, fileSchema, type WireFile } from './file-schemas.js'
import { predictionSchema } from './schemas.js'

const mebibyte = 1024 * 1024
const png = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), randomBytes(3000)])

let api: TestApi
beforeAll(async () => {
  api = await createTestApi({
    AUGUR_REQUIRE_KEY: 'true',
    AUGUR_MAX_FILE_BYTES: String(20 * mebibyte),
    AUGUR_MAX_FILES: '8',
    AUGUR_MAX_FILES_BYTES: String(50 * mebibyte),
  })
})
afterAll(() => api.close())

let tenants = 0
const newTenant = async () => api.signIn(`tenant-${++tenants}`)
type Headers = Record<string, string>

function formOf(content: Uint8Array | string, name = 'a.png', type = ''): FormData {
  const form = new FormData()
  form.set('content', new Blob([content], { type }), name)
  return form
}

function upload(body: NonNullable<RequestInit['body']>, headers: Headers): Promise<Response> {
  return Promise.resolve(api.app.request('/api/v1/files', { method: 'POST', body, headers }))
}

async function uploaded(body: NonNullable<RequestInit['body']>, headers: Headers): Promise<WireFile> {
  const response = await upload(body, headers)
  expect(response.status).toBe(201)
  return fileSchema.parse(await response.json())
}

const request = (path: string, headers: Headers = {}, method = 'GET') =>
  Promise.resolve(api.app.request(path, { method, headers }))
const pathOf = (url: string) => url.slice(new URL(url).origin.length)

/** Names of all that the payload store keeps of files. */
async function stored(): Promise<string[]> {
  const names: string[] = []
  for await (const { key } of api.context.payloadStore.list())
    if (key.startsWith('files/')) names.push(key.split('/').at(-1) ?? '')
  return names.toSorted()
}

test('a file is described as clients of the contract read it', async () => {
  const headers = await newTenant()
  const file = await uploaded(formOf(png), headers)
  const digest = (name: string) => createHash(name).update(png).digest('hex')
  expect(file).toMatchObject({
    name: 'a.png',
    content_type: 'image/png',
    size: png.length,
    etag: digest('md5'),
    checksums: { sha256: digest('sha256'), md5: digest('md5') },
    metadata: {},
  })
  expect(Date.parse(file.expires_at) - Date.parse(file.created_at)).toBe(86_400_000)
  expect(file.urls.get).toBe(`http://localhost/api/v1/files/${file.id}`)
  expect(await (await request(pathOf(file.urls.get), headers)).json()).toEqual(file)
})

test('the bytes come by the download URL alone, and as something that no browser runs', async () => {
  const headers = await newTenant()
  const name = 'Grüße (1).png'
  const file = await uploaded(formOf(png, name), headers)
  const response = await request(pathOf(file.urls.download))
  expect(Buffer.from(await response.arrayBuffer()).equals(png)).toBe(true)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/png',
    'content-length': String(png.length),
    'content-disposition': `attachment; filename="Gr__e (1).png"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%281%29.png`,
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    'x-content-type-options': 'nosniff',
  })
  const byKey = await request(`/api/v1/files/${file.id}/download`, headers)
  expect(byKey.status).toBe(200)
  await byKey.arrayBuffer()
})

test('a download URL opens nothing else, and nothing once it is changed', async () => {
  const headers = await newTenant()
  const [one, two] = [await uploaded(formOf('1'), headers), await uploaded(formOf('2'), headers)]
  const ticket = new URL(one.urls.download).searchParams.get('ticket')
  for (const path of [
    `/api/v1/files/${two.id}/download?ticket=${ticket}`,
    // Not the last character: some of its bits mean nothing.
    `/api/v1/files/${one.id}/download?ticket=${ticket?.replace(/.(?=.{9}$)/, (sign) => (sign === 'A' ? 'B' : 'A'))}`,
    `/api/v1/files/${one.id}/download?ticket=`,
    `/api/v1/files/${one.id}?ticket=${ticket}`,
  ])
    expect(await problemOf(await request(path))).toMatchObject({ code: 'unauthenticated' })
})

describe('metadata', () => {
  test.each([
    ['text, as the Python client sends it', '{"a":{"b":1}}'],
    [
      'a part with a type, as the JavaScript client sends it',
      new Blob(['{"a":{"b":1}}'], { type: 'application/json' }),
    ],
  ])('comes back from %s', async (_, metadata) => {
    const form = formOf(png)
    form.set('metadata', metadata)
    expect((await uploaded(form, await newTenant())).metadata).toEqual({ a: { b: 1 } })
  })

  test.each(['[1]', '1', 'no json', '{"a":'.repeat(40)])(
    '%s is refused, and the file with it',
    async (metadata) => {
      const headers = await newTenant()
      const before = await stored()
      const form = formOf(png)
      form.set('metadata', metadata)
      const problem = await problemOf(await upload(form, headers))
      expect(problem).toMatchObject({
        status: 422,
        code: 'invalid_input',
        errors: [{ pointer: '/metadata' }],
      })
      expect(await stored()).toEqual(before)
    },
  )
})

describe('the type of a file is what its bytes are', () => {
  test.each([
    ['image/jpeg', Buffer.from('\xff\xd8\xff\xe0 and so on', 'latin1'), 'text/html'],
    ['text/plain', '<script>alert(1)</script>', 'text/html'],
    ['text/plain', '<svg xmlns="http://www.w3.org/2000/svg"/>', 'image/svg+xml'],
    ['text/csv', 'a,b\n1,ü', 'text/csv; charset=utf-8'],
    ['application/octet-stream', Buffer.from([0, 1, 2]), 'image/png'],
    ['application/octet-stream', '', 'text/plain'],
  ])('%s', async (type, content, declared) => {
    expect((await uploaded(formOf(content, 'x', declared), await newTenant())).content_type).toBe(type)
  })
})

describe('a form that is not right is refused, and nothing of it is kept', () => {
  const boundary = 'multipart/form-data; boundary=x'
  const part = (name: string, content: string) =>
    `--x\r\nContent-Disposition: form-data; name="${name}"; filename="a"\r\n\r\n${content}\r\n`
  const raw: [string, string, string, string][] = [
    ['no form at all', 'application/json', '{}', 'unsupported_media_type'],
    ['no boundary', 'multipart/form-data', 'x', 'invalid_request'],
    ['an empty body', boundary, '', 'invalid_request'],
    ['no file', boundary, `${part('metadata', '{}')}--x--`, 'invalid_input'],
    [
      'a form that breaks off within the file',
      boundary,
      part('content', '123').slice(0, -4),
      'invalid_request',
    ],
    ['two files', boundary, `${part('content', '1')}${part('content', '2')}--x--`, 'invalid_input'],
    ['an unknown part', boundary, `${part('content', '1')}${part('owner', 'me')}--x--`, 'invalid_input'],
    [
      'metadata over 16 KiB',
      boundary,
      `${part('content', '1')}${part('metadata', ' '.repeat(20_000))}--x--`,
      'invalid_input',
    ],
    [
      'too many parts',
      boundary,
      `${part('content', '1')}${part('type', '1').repeat(20)}--x--`,
      'invalid_request',
    ],
  ]
  test.each(raw)('%s', async (_, type, body, code) => {
    const headers = { ...(await newTenant()), 'content-type': type }
    const before = await stored()
    expect((await problemOf(await upload(body, headers))).code).toBe(code)
    expect(await stored()).toEqual(before)
  })

  test('a sender who leaves in the middle', async () => {
    const headers = { ...(await newTenant()), 'content-type': boundary }
    const before = await stored()
    let sent = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent++ === 0)
          return controller.enqueue(Buffer.from(part('content', 'x'.repeat(100_000)).slice(0, -4)))
        controller.error(new Error('gone'))
      },
    })
    const response = await api.app.request('/api/v1/files', { method: 'POST', body, headers, duplex: 'half' })
    expect((await problemOf(response)).code).toBe('invalid_request')
    expect(await stored()).toEqual(before)
  })
})

test('a file over the limit is refused as it comes, with or without a length', async () => {
  const headers = await newTenant()
  const before = await stored()
  const problem = await problemOf(await upload(formOf(Buffer.alloc(20 * mebibyte + 1)), headers))
  expect(problem).toMatchObject({ status: 413, code: 'payload_too_large' })
  expect(await stored()).toEqual(before)
  await uploaded(formOf(Buffer.alloc(20 * mebibyte)), headers)
})

test('a tenant has so many files and so many bytes, and what it deletes counts no more', async () => {
  const headers = await newTenant()
  const large = await uploaded(formOf(Buffer.alloc(20 * mebibyte)), headers)
  await uploaded(formOf(Buffer.alloc(20 * mebibyte)), headers)
  expect((await problemOf(await upload(formOf(Buffer.alloc(11 * mebibyte)), headers))).code).toBe(
    'quota_exceeded',
  )
  expect((await request(`/api/v1/files/${large.id}`, headers, 'DELETE')).status).toBe(204)
  for (let i = 0; i < 7; i++) await uploaded(formOf(String(i)), headers)
  const before = await stored()
  expect((await problemOf(await upload(formOf('9'), headers))).code).toBe('quota_exceeded')
  expect(await stored()).toEqual(before)
})

test('a tenant uploads so many files at a time, and others go on', async () => {
  const boundary = { 'content-type': 'multipart/form-data; boundary=x' }
  const head = '--x\r\nContent-Disposition: form-data; name="content"; filename="a"\r\n\r\n'
  const [own, others] = [await newTenant(), await newTenant()]
  const controllers: ReadableStreamDefaultController<Uint8Array>[] = []
  const start = () => {
    const body = new ReadableStream<Uint8Array>({ start: (controller) => void controllers.push(controller) })
    const headers = { ...own, ...boundary }
    return api.app.request('/api/v1/files', { method: 'POST', body, headers, duplex: 'half' })
  }
  const before = (await stored()).length
  const uploads = Array.from({ length: 8 }, start)
  for (const controller of controllers) controller.enqueue(Buffer.from(head + 'x'.repeat(1000)))
  await expect.poll(async () => (await stored()).length).toBe(before + 8)
  expect((await problemOf(await upload(formOf('9'), own))).code).toBe('quota_exceeded')
  await uploaded(formOf('of another'), others)
  for (const controller of controllers) {
    controller.enqueue(Buffer.from('\r\n--x--'))
    controller.close()
  }
  for (const started of uploads) expect((await started).status).toBe(201)
  expect((await upload(formOf('9'), { ...own })).status).toBe(429)
})

test('a deleted file is gone with its bytes', async () => {
  const headers = await newTenant()
  const file = await uploaded(formOf(png), headers)
  expect(await stored()).toContain(file.id)
  expect((await request(`/api/v1/files/${file.id}`, headers, 'DELETE')).status).toBe(204)
  expect(await stored()).not.toContain(file.id)
  for (const [path, method] of [
    [`/api/v1/files/${file.id}`, 'GET'],
    [`/api/v1/files/${file.id}`, 'DELETE'],
    [pathOf(file.urls.download), 'GET'],
  ] as const)
    expect((await problemOf(await request(path, headers, method))).code).toBe('not_found')
})

test('a list has pages, newest first', async () => {
  const headers = await newTenant()
  const ids: string[] = []
  for (let i = 0; i < 5; i++) ids.unshift((await uploaded(formOf(String(i)), headers)).id)
  const seen: string[] = []
  let path: string | null = '/api/v1/files?limit=2'
  for (let pages = 0; path !== null; pages++) {
    const page = filePageSchema.parse(await (await request(path, headers)).json())
    seen.push(...page.results.map(({ id }) => id))
    path = page.next && pathOf(page.next)
    expect(pages).toBeLessThan(3)
  }
  expect(seen.toSorted()).toEqual(ids.toSorted())
  expect((await problemOf(await request('/api/v1/files?cursor=eHl6', headers))).code).toBe('invalid_request')
})

test('uploads with one Idempotency-Key make one file', async () => {
  const headers = { ...(await newTenant()), 'idempotency-key': 'once' }
  const first = await uploaded(formOf(png), headers)
  const second = await upload(formOf(png), headers)
  expect(second.headers.get('idempotency-replayed')).toBe('true')
  expect(fileSchema.parse(await second.json()).id).toBe(first.id)
  expect((await problemOf(await upload(formOf('other'), headers))).code).toBe('idempotency_mismatch')
  const listed = filePageSchema.parse(await (await request('/api/v1/files', headers)).json())
  expect(listed.results.map(({ id }) => id)).toEqual([first.id])
  expect(await api.context.files.usage(`tenant-${tenants}`)).toEqual({ files: 1, bytes: png.length })

  await request(`/api/v1/files/${first.id}`, headers, 'DELETE')
  expect((await problemOf(await upload(formOf(png), headers))).code).toBe('gone')
})

describe('an output that is larger than the setting', () => {
  const json = JSON.stringify({ y: 'x'.repeat(100_000) })
  let large: TestApi
  beforeAll(async () => {
    large = await createTestApi({ AUGUR_OUTPUT_URL_BYTES: '90000' })
  })
  afterAll(() => large.close())

  async function ended(output: string) {
    const created = predictionSchema.parse(await (await large.create()).json())
    await large.work(created.id, { output: await large.context.payloads.keep(created.id, 'output', output) })
    const response = await large.app.request(`/api/v1/predictions/${created.id}`)
    return predictionSchema.parse(await response.json())
  }

  test('is answered as a URL that opens it without a key, until its data is removed', async () => {
    const { id, output } = await ended(json)
    expect(output).toMatch(new RegExp(`^http://localhost/api/v1/files/${id}/download[?]ticket=`))
    const download = () => Promise.resolve(large.app.request(pathOf(String(output))))
    const response = await download()
    expect(await response.text()).toBe(json)
    expect(response.headers.get('content-type')).toBe('application/json')
    await large.core.predictions.removeData(large.core.tag, [id])
    expect((await problemOf(await download())).code).toBe('gone')
  })

  test('and a smaller one is answered as it is', async () => {
    const small = JSON.stringify({ y: 'x'.repeat(80_000) })
    expect((await ended(small)).output).toEqual(JSON.parse(small))
  })
})
