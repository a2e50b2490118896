import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { scalingModel } from '@augur/test-support/scaling'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RepositoryScanner } from './repository-scanner.js'
import { RepositoryWatch } from './watch-repository.js'

let dir: string
let watch: RepositoryWatch | undefined
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-models-'))
})
afterEach(async () => {
  watch?.stop()
  await rm(dir, { recursive: true, force: true })
})

/** What was found with each look, and what went wrong; nothing is looked at again within the hour unless heard of. */
function start(rescanMs = 3_600_000) {
  const seen: string[] = []
  const scanner = new RepositoryScanner({
    dir,
    limits: { maxBytes: Infinity },
    settleMs: 50,
    now: () => performance.now(),
  })
  watch = new RepositoryWatch({
    dir,
    scanner,
    rescanMs,
    debounceMs: 10,
    onScan: ({ versions }) => seen.push(versions.map(({ manifest }) => manifest.description).join()),
    onError: () => seen.push('error'),
  })
  watch.start()
  return seen
}

test('news of a change lead to looks until it has settled', async () => {
  const seen = start()
  await expect.poll(() => seen).toEqual([''])
  await scalingModel(dir, { factor: 2 })
  await expect.poll(() => seen.at(-1)).toBe('Multiplies by 2')
})

test('a repository that appears later is found with the next look', async () => {
  await rm(dir, { recursive: true })
  const seen = start(20)
  await expect.poll(() => seen.at(-1)).toBe('error')
  await scalingModel(dir, { factor: 2 })
  await expect.poll(() => seen.at(-1)).toBe('Multiplies by 2')
})

test('rescan looks at once', async () => {
  const seen = start()
  await expect.poll(() => seen).toHaveLength(1)
  watch?.rescan()
  await expect.poll(() => seen).toHaveLength(2)
})
