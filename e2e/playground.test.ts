import { createRequire } from 'node:module'
import { readFile } from 'node:fs/promises'
import { startWebhookReceiver, type WebhookReceiver } from '@augur/test-support/webhook-receiver'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { draw, hasBrowser, seven, startBrowser } from './support/browser.js'
import { digitSeven } from './support/digit-image.js'
import { requestGated } from './support/gated.js'
import { type ClientStack, startClientStack } from './support/official-client.js'
import { bodyOf } from './support/predictions.js'

if (!hasBrowser) console.warn('The playground is not tested: install the package chromium.')

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const json = { 'content-type': 'application/json' }

interface Violation {
  id: string
  nodes: { html: string }[]
}

/** What axe finds wrong with the page as it is shown. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource)
  const found: Violation[] = await page.evaluate('axe.run().then(({ violations }) => violations)')
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

describe.skipIf(!hasBrowser)('in a browser', () => {
  let own: ClientStack
  let receiver: WebhookReceiver
  let browser: Browser
  let context: BrowserContext
  let page: Page
  const asked = new Set<string>()
  const complaints: string[] = []

  beforeAll(async () => {
    ;[own, receiver, browser] = await Promise.all([
      startClientStack(),
      startWebhookReceiver(),
      startBrowser(),
    ])
    context = await browser.newContext({ viewport: { width: 1200, height: 900 }, reducedMotion: 'reduce' })
    context.on('request', (request) => asked.add(new URL(request.url()).origin))
    context.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page = await context.newPage()
  })
  afterAll(async () => {
    await browser?.close()
    await Promise.all([own?.stop(), receiver?.close()])
  })

  const choose = (model: string) => page.getByRole('combobox', { name: 'Model' }).selectOption(model)
  const run = () => page.getByRole('button', { name: 'Run', exact: true }).click()
  const answer = () => page.locator('[data-answer]').textContent()
  const status = (name: string) => page.locator('.step[aria-current]', { hasText: name })

  describe('the playground', () => {
    beforeEach(async () => {
      await page.goto(`${own.stack.url}/`)
      await choose('augur/digits')
    })

    test('sees the digit that somebody draws', async () => {
      await draw(page, seven)
      await run()
      expect(await answer()).toBe('7')
    })

    test('takes a picture that is dropped on it', async () => {
      const script = `((encoded) => {
        const bytes = Uint8Array.from(atob(encoded), (each) => each.charCodeAt(0))
        const transfer = new DataTransfer()
        transfer.items.add(new File([bytes], 'seven.png', { type: 'image/png' }))
        return transfer
      })('${digitSeven.toString('base64')}')`
      const dataTransfer = await page.evaluateHandle(script)
      await page.locator('[data-drop]').dispatchEvent('drop', { dataTransfer })
      await page.getByAltText('What will be sent').waitFor()
      await run()
      expect(await answer()).toBe('7')
    })

    test('runs the example, and shows the call as code that has the same input', async () => {
      await page.getByRole('button', { name: 'Use the example' }).click()
      await page.getByRole('tab', { name: 'Python' }).click()
      const code = await page.getByRole('tabpanel', { name: 'Python' }).textContent()
      expect(code).toContain('"pixels": [0, 0, 1, 13, 14')
      await run()
      expect(await answer()).toBe('6')
    })

    test('says at the field what is wrong with it', async () => {
      await run()
      const told = page.locator('.field-image .error')
      await expect.poll(() => told.textContent()).toBe('give either image or pixels')
    })

    test('follows a prediction from the queue to its end', async () => {
      await requestGated(own.stack, { value: [0, 0, 0], gate: 'before' })
      await choose('augur/gated')
      await page.getByLabel('Input as JSON').fill('{"value": [1, 2, 3], "gate": "own"}')
      await run()
      await status('Queued').getByText('1 before it').waitFor()
      await own.models.open('before')
      await status('Running').waitFor()
      await own.models.open('own')
      await page.locator('.step-done', { hasText: 'Succeeded' }).waitFor()
      expect(await page.getByRole('tabpanel', { name: 'Output' }).textContent()).toContain('[1, 2, 3]')
    })

    test('is one that axe finds nothing wrong with, in the light and in the dark', async () => {
      await draw(page, seven)
      await run()
      await answer()
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        expect(await violations(page)).toEqual([])
      }
    })
  })

  describe('the operations page', () => {
    beforeEach(async () => {
      await page.goto(`${own.stack.url}/#/operations`)
    })

    test('holds the queue of a version and lets it go again', async () => {
      await page.getByRole('button', { name: 'Pause augur/gated 1' }).click()
      const isPaused = async () => {
        const response = await fetch(`${own.stack.url}/admin/versions`)
        const { results } = await bodyOf<{ results: { model: string; paused: boolean }[] }>(response)
        return results.find(({ model }) => model === 'augur/gated')?.paused
      }
      const resume = page.getByRole('button', { name: 'Resume augur/gated 1' })
      await resume.waitFor()
      expect(await isPaused()).toBe(true)
      await resume.click()
      await expect.poll(isPaused).toBe(false)
    })

    test('drains a version, and takes predictions again', async () => {
      await page.getByRole('button', { name: 'Drain augur/gated 1' }).click()
      const row = page.locator('tr', { hasText: 'augur/gated' })
      await row.getByText('draining').waitFor()
      const statusOfCreate = async () => (await requestGated(own.stack, { value: [1, 2, 3] })).status
      await expect.poll(statusOfCreate).toBe(503)
      await page.getByRole('button', { name: 'Resume augur/gated 1' }).click()
      await expect.poll(statusOfCreate).toBe(201)
    })

    test('shows the raw queues in Bull Board', async () => {
      await page.getByRole('button', { name: 'Raw queues' }).click()
      await page.waitForURL(`${own.stack.url}/admin/queues`)
      const named = page.getByText('augur/gated 1', { exact: true }).first()
      await named.waitFor()
      expect(await named.isVisible()).toBe(true)
    })

    test('promotes the candidate of a rollout', async () => {
      const body = { candidate: 'int8', mode: 'split', percent: 10, reason: 'smaller', force: true }
      const path = '/models/augur/digits/rollout'
      const init = { method: 'PUT', headers: json, body: JSON.stringify(body) }
      expect((await own.stack.request(path, init)).status).toBe(200)
      const rollout = page.getByRole('article', { name: 'Rollout of augur/digits' })
      await rollout.getByText('Too few predictions yet').waitFor()
      await rollout.getByLabel('Reason').fill('as good')
      await rollout.getByLabel('although not verified').check()
      await rollout.getByRole('button', { name: 'Promote' }).click()
      await rollout.getByText('stable: int8').waitFor()
    })

    test('makes a delivery once more', async () => {
      const { pixels } = own.row(0).input
      await own.stack.request('/models/augur/digits/predictions', {
        method: 'POST',
        headers: json,
        body: JSON.stringify({
          input: { pixels },
          webhook: receiver.url,
          webhook_events_filter: ['completed'],
        }),
      })
      await receiver.waitFor(1)
      const delivered = page.locator('[data-delivery=delivered]')
      await delivered.getByRole('button', { name: 'Redeliver' }).click()
      const [first, second] = await receiver.waitFor(2)
      expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
    })

    test('is one that axe finds nothing wrong with, in the light and in the dark', async () => {
      await page.getByRole('article', { name: 'Rollout of augur/digits' }).waitFor()
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        expect(await violations(page)).toEqual([])
      }
    })
  })

  test('no request left the server, and the browser had nothing to complain about but refusals', () => {
    expect([...asked].filter((origin) => origin !== 'null')).toEqual([own.stack.url])
    expect(complaints.filter((text) => !text.includes('status of 422'))).toEqual([])
  })

  test('a server with keys is used with the key that it asks for', async () => {
    const key = 'a-key-of-this-story'
    const { url } = await own.stack.startApi({ AUGUR_API_KEY: key })
    const fresh = await browser.newPage()
    await fresh.goto(`${url}/`)
    for (const [given, answered] of [
      ['wrong', 'The server does not know this key.'],
      [key, 'Key in use'],
    ] as const) {
      await fresh.getByLabel('Key', { exact: true }).fill(given)
      await fresh.getByRole('button', { name: 'Use this key' }).click()
      await fresh.getByText(answered).waitFor()
    }
    await fresh.getByRole('combobox', { name: 'Model' }).selectOption('augur/digits')
    await draw(fresh, seven)
    await fresh.getByRole('button', { name: 'Run', exact: true }).click()
    expect(await fresh.locator('[data-answer]').textContent()).toBe('7')
    await fresh.close()
  })
})
