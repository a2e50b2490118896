import { cp, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sumModel } from '@augur/test-support/models'
import { scalingModel } from '@augur/test-support/scaling'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RepositoryScanner } from './repository-scanner.js'

const settleMs = 1000

let dir: string
let now: number
let scanner: RepositoryScanner
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-models-'))
  now = 0
  scanner = new RepositoryScanner({ dir, limits: { maxBytes: Infinity }, settleMs, now: () => now })
})
afterEach(() => rm(dir, { recursive: true, force: true }))

/** What one look finds, as `label factor` of each version, after a while. */
async function scan(afterMs: number) {
  now += afterMs
  const { versions, problems, unsettled } = await scanner.scan()
  return {
    versions: versions.map(({ manifest }) => manifest.description),
    problems: problems.map(({ code }) => code),
    unsettled: [...unsettled],
  }
}

const place = 'augur/scaling:1'
const [two, three] = ['Multiplies by 2', 'Multiplies by 3']

test('what is there on the first look counts as complete', async () => {
  await scalingModel(dir, { factor: 2 })
  expect(await scan(0)).toEqual({ versions: [two], problems: [], unsettled: [] })
})

test('what is added, changed or removed later counts once it has stopped changing', async () => {
  await scan(0)
  await scalingModel(dir, { factor: 2 })
  const moving = { versions: [], problems: [], unsettled: [place] }
  expect(await scan(10)).toEqual(moving)
  expect(await scan(settleMs - 1)).toEqual(moving)
  expect(await scan(1)).toEqual({ versions: [two], problems: [], unsettled: [] })

  await scalingModel(dir, { factor: 3 })
  expect(await scan(10)).toEqual(moving)
  expect(await scan(settleMs)).toEqual({ versions: [three], problems: [], unsettled: [] })

  await rm(join(dir, 'scaling'), { recursive: true })
  expect(await scan(10)).toEqual(moving)
  expect(await scan(settleMs)).toEqual({ versions: [], problems: [], unsettled: [] })
})

test('a copy that takes long is left alone until its end, and stops no other', async () => {
  await sumModel(dir)
  await scan(0)
  const { folder } = await scalingModel(await mkdtemp(join(dir, '.hidden-')), { factor: 2 })
  const copy = join(dir, 'scaling', '1')
  await cp(folder, copy, { recursive: true })
  for (let bytes = 1; bytes < 5; bytes++) {
    await writeFile(join(copy, 'model.onnx'), 'x'.repeat(bytes))
    expect(await scan(settleMs)).toEqual({
      versions: ['Adds each number to itself'],
      problems: [],
      unsettled: [place],
    })
  }
})

test('a copy that halted half way is a problem until it goes on', async () => {
  const { folder } = await scalingModel(dir, { factor: 2 })
  const whole = join(dir, '.whole')
  await rename(join(folder, 'model.onnx'), whole)
  expect((await scan(0)).problems).toEqual(['missing_file'])
  await rename(whole, join(folder, 'model.onnx'))
  expect((await scan(1)).unsettled).toEqual([place])
  expect(await scan(settleMs)).toEqual({ versions: [two], problems: [], unsettled: [] })
})

test('a repository that cannot be read is an error, and no empty repository', async () => {
  await rm(dir, { recursive: true })
  await expect(scanner.scan()).rejects.toThrow('ENOENT')
})
