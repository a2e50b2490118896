import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type DefectName, defects } from '@augur/chaos/defects/defects'
import { runWithDefect } from '@augur/chaos/defects/run-with-defect'
import { invariants } from '@augur/chaos/history/invariants'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../', import.meta.url))
const folder = () => mkdtemp(join(tmpdir(), 'augur-defect-'))
const cases = Object.entries(defects).map(([name, { breaks }]) => [name as DefectName, breaks] as const)

// Several at a time: each waits for most of its time, and the test as a whole is to be short.
describe.concurrent('the checker of fault experiments', () => {
  test('finds nothing wrong with the product as it is', async () => {
    expect(await runWithDefect(root, await folder(), null)).toEqual({})
  })

  test.each(cases)('notices a product that %s (%s)', async (defect, breaks) => {
    const breaches = await runWithDefect(root, await folder(), defect)
    expect(Object.keys(breaches)).toContain(breaks)
  })

  test('has a defect for every invariant that it checks', () => {
    const broken = new Set<string>(cases.map(([, breaks]) => breaks))
    expect(Object.keys(invariants).filter((name) => !broken.has(name))).toEqual([])
  })
})
