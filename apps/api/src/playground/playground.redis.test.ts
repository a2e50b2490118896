import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestApi, problemOf, type TestApi } from '../test/test-api.js'
import { readPlayground } from './read-playground.js'
import { playgroundRoutes } from './routes.js'

let api: TestApi
let folder: string
beforeEach(async () => {
  api = await createTestApi()
  folder = await mkdtemp(join(tmpdir(), 'augur-playground-'))
})
afterEach(async () => {
  await api.close()
  await rm(folder, { recursive: true })
})

/** The routes with a playground that was built into the folder. */
async function builtRoutes() {
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Augur</title>')
  await writeFile(join(folder, 'index-abc.js'), 'start()')
  return playgroundRoutes(await readPlayground(folder))
}

const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

test('a browser is shown the page, under a policy that lets nothing in from elsewhere', async () => {
  const page = await (await builtRoutes()).request('/', { headers: browser })
  expect(await page.text()).toContain('<title>Augur</title>')
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
  expect(page.headers.get('content-security-policy')).not.toContain('unsafe')
  expect(page.headers.get('cache-control')).toBe('no-cache')
})

test.each([
  {},
  { accept: '*/*' },
  { accept: 'application/json' },
  { accept: 'text/html;q=0.1, application/json' },
])('anything else is greeted: %o', async (headers) => {
  const greeting = await (await builtRoutes()).request('/', { headers })
  expect(await greeting.json()).toHaveProperty('message')
  expect(greeting.headers.get('vary')).toContain('Accept')
})

test('a server whose playground was not built greets a browser as well', async () => {
  expect(await readPlayground(folder)).toBeNull()
  const greeting = await playgroundRoutes(null).request('/', { headers: browser })
  expect(await greeting.json()).toHaveProperty('message')
})

test('assets are kept for ever, and smaller for whoever reads gzip', async () => {
  const routes = await builtRoutes()
  const plain = await routes.request('/playground/index-abc.js')
  expect(await plain.text()).toBe('start()')
  expect(plain.headers.get('cache-control')).toContain('immutable')
  const small = await routes.request('/playground/index-abc.js', {
    headers: { 'accept-encoding': 'gzip, br' },
  })
  expect(small.headers.get('content-encoding')).toBe('gzip')
  expect(gunzipSync(await small.arrayBuffer()).toString()).toBe('start()')
})

test('what is no asset is not there, and no key is asked for', async () => {
  const keyed = await createTestApi({ AUGUR_API_KEY: 'a-key-that-nobody-sent' })
  for (const name of ['none.js', 'index.html', '..%2fpackage.json']) {
    expect((await problemOf(await keyed.app.request(`/playground/${name}`))).code).toBe('not_found')
  }
  await keyed.close()
})
