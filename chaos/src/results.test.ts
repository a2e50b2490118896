import { appendFile, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { addResult, findPassed, readResults } from './results.js'
import type { Verdict } from './run-experiment.js'

const conditions = {
  experiment: 'W1',
  seed: 1,
  profile: 'full',
  count: 5000,
  versions: { augur: '0.1.0', node: '20.20.2', redis: '7.0.15' },
} as const
const passed: Verdict = {
  ...conditions,
  title: 'Workers are killed',
  pass: true,
  counts: { accepted: 5000 },
  criteria: [],
  breaches: {},
  seconds: 300,
  folder: '',
}

test('what passed is found again, also after a line that a crash cut short', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'augur-results-')), 'full.jsonl')
  expect(await readResults(path)).toEqual([])
  await addResult(path, { ...passed, pass: false })
  await addResult(path, passed)
  await appendFile(path, '{"experiment":"W2","pass":tr')
  expect(findPassed(await readResults(path), conditions)).toEqual(passed)
})

test.each([
  ['failed', { pass: false }],
  ['had another seed', { seed: 2 }],
  ['had quick figures', { profile: 'quick' }],
  ['had other counts', { count: 50 }],
  ['ran another version', { versions: { ...conditions.versions, augur: '0.2.0' } }],
] as const)('what %s is carried out again', (_, other) => {
  expect(findPassed([{ ...passed, ...other }], conditions)).toBeUndefined()
})
