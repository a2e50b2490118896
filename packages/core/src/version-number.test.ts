import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { versionNumber } from './version-number.js'

it('is the version in package.json', () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  expect(manifest).toMatchObject({ version: versionNumber })
})
