// tsx scripts/screenshots.ts [url]: pictures for docs/images of a server that runs, by default the one of `npm start`,
// with the models of this repository. It makes predictions there, a batch and a rollout.
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { startWebhookReceiver } from '@augur/test-support/webhook-receiver'
import type { Page } from 'playwright-core'
import { draw, seven, startBrowser } from '../e2e/support/browser.js'

const url = process.argv[2] ?? 'http://127.0.0.1:8000'
const folder = fileURLToPath(new URL('../docs/images/', import.meta.url))
const model = 'augur/digits'

const sizes = { desktop: { width: 1280, height: 860 }, phone: { width: 390, height: 844 } } as const
const themes = ['light', 'dark'] as const

async function call(method: string, path: string, body?: object): Promise<string> {
  const response = await fetch(url + path, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return text
}

/** Something to see: messages that were sorted, with webhooks of which one failed, a rollout with traffic on both of its arms, a batch. */
async function makeTraffic(): Promise<void> {
  const messages = ['My parcel has not arrived.', 'I was charged twice.', 'The app crashes when it opens.']
  const inputs = messages.map((text) => ({ text }))
  const receiver = await startWebhookReceiver((_, count) => (count === 2 ? 500 : 200))
  for (const input of inputs) {
    const body = {
      version: 'augur/tickets',
      input,
      webhook: receiver.url,
      webhook_events_filter: ['completed'],
    }
    await call('POST', '/api/v1/predictions', body)
  }
  await receiver.waitFor(inputs.length)
  await call('POST', '/api/v1/batches', { model: 'augur/tickets', inputs: Array(40).fill(inputs).flat() })
  await call('PUT', `/api/v1/models/${model}/rollout`, {
    candidate: 'int8',
    mode: 'split',
    percent: 40,
    sticky_key: { from: 'header', name: 'x-user' },
    reason: 'a third of the size',
    force: true,
  })
  const pixels = Array.from({ length: 64 }, (_, index) => (index * 7) % 17)
  const predict = (caller: number) =>
    fetch(`${url}/api/v1/models/${model}/predictions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-user': `caller-${caller}` },
      body: JSON.stringify({ input: { pixels } }),
    })
  for (let caller = 0; caller < 60; caller++) await predict(caller)
  await receiver.close()
}

/** Holds the queue of a version, with predictions in it. Gives what lets it go. */
async function holdQueue(): Promise<{ version: string; letGo(): Promise<void> }> {
  const { results } = JSON.parse(await call('GET', '/api/v1/models/augur/tickets/versions'))
  const version: string = results.find(({ label }: { label: string }) => label === 'int8').id
  await call('POST', `/admin/versions/${version}/pause`)
  const input = { text: 'Where is my parcel?' }
  for (let count = 0; count < 7; count++) await call('POST', '/api/v1/predictions', { version, input })
  return { version, letGo: async () => void (await call('POST', `/admin/versions/${version}/resume`)) }
}

async function showPlayground(page: Page): Promise<void> {
  await page.goto(`${url}/#/`)
  await page.getByRole('combobox', { name: 'Model' }).selectOption(model)
  await draw(page, seven)
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.locator('[data-answer]').waitFor()
}

async function showOperations(page: Page, held: string): Promise<void> {
  await page.goto(`${url}/#/operations`)
  await page.getByText('right by feedback').waitFor()
  // Lines need a few looks, and something that changes between them.
  for (let look = 0; look < 6; look++) {
    await call('POST', '/api/v1/predictions', { version: held, input: { text: 'Where is my parcel?' } })
    await page.waitForTimeout(2100)
  }
}

const pages = { playground: showPlayground, operations: showOperations }

async function main(): Promise<void> {
  await mkdir(folder, { recursive: true })
  await makeTraffic()
  const { version, letGo } = await holdQueue()
  const browser = await startBrowser()
  for (const [name, show] of Object.entries(pages)) {
    for (const colorScheme of themes) {
      for (const [size, viewport] of Object.entries(sizes)) {
        const page = await browser.newPage({ viewport, colorScheme, deviceScaleFactor: 1 })
        await show(page, version)
        await page.evaluate('scrollTo(0, 0)')
        await page.mouse.move(0, 0)
        const path = `${folder}${name}-${colorScheme}${size === 'phone' ? '-phone' : ''}.png`
        await page.screenshot({ path, fullPage: true })
        console.log(path)
        await page.close()
      }
    }
  }
  await browser.close()
  await letGo()
}

await main()
