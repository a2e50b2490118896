import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ArtefactServer, startArtefactServer } from '@augur/test-support/artefact-server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ArtefactSource, createArtefactSource } from './artefact-source.js'
import { type Download, downloadFile } from './download-file.js'

const content = Buffer.alloc(2_000_000, 'some weights, ')
let dir: string
let path: string
let server: ArtefactServer
let source: ArtefactSource
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-download-'))
  path = join(dir, 'part')
  server = await startArtefactServer()
  server.files.set('/file', content)
  source = createArtefactSource({ mode: 'development', hosts: [] })
})
afterEach(async () => {
  await Promise.all([source.close(), server.close()])
  await rm(dir, { recursive: true })
})

const download = (parts: Partial<Download> = {}) =>
  downloadFile(path, {
    source,
    url: `${server.url}/file`,
    maxBytes: () => 4_000_000,
    retryMs: 1,
    onBytes() {},
    signal: new AbortController().signal,
    ...parts,
  })
const ranges = () => server.requests.map(({ headers }) => headers.range)

test('a file is downloaded, with what has come and is to come', async () => {
  const seen: [number, number | undefined][] = []
  expect(await download({ onBytes: (...each) => seen.push(each) })).toEqual({ ok: true })
  expect(content.equals(await readFile(path))).toBe(true)
  expect(seen.at(0)).toEqual([0, content.length])
  expect(seen.at(-1)).toEqual([content.length, content.length])
})

test('a download that is cut off goes on where it ended', async () => {
  server.answers.push({ cutAfterBytes: 1_000_000 }, { status: 503 }, { cutAfterBytes: 500_000 })
  expect(await download()).toEqual({ ok: true })
  expect(content.equals(await readFile(path))).toBe(true)
  const [first, ...later] = ranges()
  expect(first).toBeUndefined()
  expect(later.every((range) => /^bytes=[1-9]\d*-$/.test(range ?? ''))).toBe(true)
})

test('so does one of a process that was killed', async () => {
  server.answers.push({ cutAfterBytes: 1_000_000 })
  await download({ attempts: 1 })
  const { size } = await stat(path)
  expect(await download()).toEqual({ ok: true })
  expect(ranges()).toEqual([undefined, `bytes=${size}-`])
  expect(content.equals(await readFile(path))).toBe(true)
})

test('a file that changed meanwhile is downloaded anew', async () => {
  server.answers.push({ cutAfterBytes: 1_000_000 })
  await download({ attempts: 1 })
  const other = Buffer.alloc(100_000, 'x')
  server.files.set('/file', other)
  expect(await download()).toEqual({ ok: true })
  expect(other.equals(await readFile(path))).toBe(true)
})

test('more than there is on the server is downloaded anew', async () => {
  await writeFile(path, Buffer.alloc(3_000_000))
  expect(await download()).toEqual({ ok: true })
  expect(content.equals(await readFile(path))).toBe(true)
})

test('what is there whole is asked for only once more', async () => {
  await writeFile(path, content)
  expect(await download()).toEqual({ ok: true })
  expect(server.requests).toHaveLength(1)
})

test('a server without ranges and lengths will do', async () => {
  server.answers.push({ cutAfterBytes: 1_000_000 }, { isPlain: true })
  expect(await download()).toEqual({ ok: true })
  expect(content.equals(await readFile(path))).toBe(true)
})

describe('it gives up', () => {
  test('at once where the file is not there', async () => {
    const result = await download({ url: `${server.url}/other?signature=secret` })
    expect(result).toEqual({
      ok: false,
      code: 'fetch_failed',
      reason: `could not be fetched from ${server.url.slice('http://'.length)}: it answered 404`,
    })
    expect(server.requests).toHaveLength(1)
  })

  test('after some attempts that brought nothing', async () => {
    server.answers.push(...Array.from({ length: 9 }, () => ({ status: 503 })))
    expect(await download({ attempts: 3 })).toMatchObject({ ok: false, code: 'fetch_failed' })
    expect(server.requests).toHaveLength(3)
  })

  test('on a server that starts over and is cut off again and again', async () => {
    server.answers.push(...Array.from({ length: 9 }, () => ({ cutAfterBytes: 10 })))
    server.files.set('/file', content)
    const onBytes = () => server.files.set('/file', Buffer.from(`${Math.random()}`.padEnd(100_000)))
    expect(await download({ attempts: 3, onBytes })).toMatchObject({ ok: false })
  })

  test('on a server that is silent', async () => {
    server.answers.push({ isSilent: true })
    const result = await download({ attempts: 1, idleMs: 50 })
    expect(result).toMatchObject({ ok: false, reason: expect.stringContaining('silent for 50 ms') })
  })

  test('beyond the size limit, whether the server says the size or not', async () => {
    const limited = { maxBytes: () => 1_999_999 }
    expect(await download(limited)).toMatchObject({ ok: false, code: 'too_large' })
    expect((await stat(path)).size).toBe(0)
    server.answers.push({ isPlain: true })
    expect(await download(limited)).toMatchObject({ ok: false, code: 'too_large' })
  })

  test('when it is told to', async () => {
    server.answers.push({ isSilent: true })
    const stop = new AbortController()
    const going = download({ signal: stop.signal, onBytes: () => stop.abort(new Error('told to stop')) })
    await expect(going).rejects.toThrow('told to stop')
  })
})

describe('redirects', () => {
  test('are followed, with the range', async () => {
    server.answers.push({ cutAfterBytes: 1_000_000 }, { status: 302, location: '/file' })
    expect(await download()).toEqual({ ok: true })
    expect(ranges()[2]).toBe(ranges()[1])
    expect(content.equals(await readFile(path))).toBe(true)
  })

  test('do not lead where a URL could not', async () => {
    server.answers.push({ status: 302, location: 'http://169.254.169.254/latest' })
    expect(await download()).toMatchObject({ ok: false, code: 'fetch_failed' })
  })

  test('end some time', async () => {
    server.answers.push(...Array.from({ length: 50 }, () => ({ status: 302, location: '/file' })))
    expect(await download({ attempts: 1 })).toMatchObject({
      ok: false,
      reason: expect.stringContaining('too many redirects'),
    })
    expect(server.requests.length).toBeLessThan(10)
  })
})

describe('private hosts', () => {
  test('are refused before anything is dialled, unless they are listed', async () => {
    const url = 'https://artefacts.internal/file'
    expect(await download({ url })).toMatchObject({
      ok: false,
      reason: expect.stringContaining('The host name is not public.'),
    })
    const listed = createArtefactSource({ mode: 'production', hosts: ['artefacts.internal'] })
    const result = await download({ url, source: listed, attempts: 1 })
    expect(result).not.toMatchObject({ reason: expect.stringContaining('not public') })
    await listed.close()
  })

  test('are listed by a setting that is named when it is wrong', () => {
    expect(() => createArtefactSource({ mode: 'development', hosts: ['a b'] })).toThrow('AUGUR_MODEL_HOSTS')
  })
})
