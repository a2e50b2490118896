import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fingerprintFolder } from './fingerprint-folder.js'

let dir: string
let folder: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-fingerprint-'))
  folder = join(dir, 'version')
  await mkdir(join(folder, 'data'), { recursive: true })
  await writeFile(join(folder, 'data', 'w.bin'), 'w')
})
afterEach(() => rm(dir, { recursive: true }))

/** The paths that are in the fingerprint. */
const paths = async () => (await fingerprintFolder(folder)).split('\n').map((line) => line.split(' ')[0])

test('links are listed and not entered, whether they lead round in a circle or out of the folder', async () => {
  await Promise.all(['loop', 'ring'].map((name) => symlink('.', join(folder, name))))
  await mkdir(join(dir, 'elsewhere'))
  await writeFile(join(dir, 'elsewhere', 'other.bin'), 'o')
  await symlink('../elsewhere', join(folder, 'out'))
  expect(await paths()).toEqual(['data', 'data/w.bin', 'loop', 'out', 'ring'])
})

test('a file deep inside that is written to changes it', async () => {
  const before = await fingerprintFolder(folder)
  await writeFile(join(folder, 'data', 'w.bin'), 'longer')
  expect(await fingerprintFolder(folder)).not.toBe(before)
})
