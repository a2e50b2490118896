import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { writeModelDocs } from './model-docs.js'

const readme = readFileSync(fileURLToPath(new URL('../models/README.md', import.meta.url)), 'utf8')

test('models/README.md lists the fields of manifests as they are now: `npm run docs:models` writes them', () => {
  expect(readme).toBe(writeModelDocs(readme))
})

test('every field of a manifest says what it means', () => {
  const rows = readme.split('\n').filter((line) => line.startsWith('| `'))
  expect(rows.filter((row) => row.split('|').at(-2)?.trim() === '')).toEqual([])
  expect(rows.length).toBeGreaterThan(40)
})
