import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '@augur/core/config'
import { expect, test } from 'vitest'
import { apiSettings } from '../apps/api/src/config.js'
import { workerSettings } from '../apps/worker/src/config.js'

const page = readFileSync(fileURLToPath(new URL('../docs/reference/limits.md', import.meta.url)), 'utf8')
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
const settings = [loadConfig(apiSettings, {}), loadConfig(workerSettings, {})]
const defaults = new Map<string, unknown>(settings.flatMap((each) => Object.entries(each)))
const limits = rows.flatMap(([, , setting = '', byDefault = '']) =>
  setting.startsWith('`') ? [{ name: setting.slice(1, -1), byDefault }] : [],
)

test('docs/reference/limits.md has every setting that limits something', () => {
  const names = Object.keys({ ...apiSettings.shape, ...workerSettings.shape })
  const wanted = names.filter((name) => name.includes('_MAX_'))
  expect(wanted.filter((name) => !limits.some((limit) => limit.name === name))).toEqual([])
})

test.each(limits)('docs/reference/limits.md says the default of $name', ({ name, byDefault }) => {
  expect(defaults.get(name)).toBe(byDefault === '' ? undefined : Number(byDefault))
})
