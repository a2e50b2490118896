import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newApiKeyText } from '@augur/core/access/api-key'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { leaksBelow, leaksIn, noteSecrets, notedSecrets } from './find-leaks.js'

const secret = 'canary-of-a-test-with-some-length'
const signing = `whsec_${'A'.repeat(32)}`

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'augur-leaks-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('secrets are found by their value, keys and signing secrets by their look', () => {
  expect(leaksIn(`x${secret}x`, [secret])).toHaveLength(1)
  expect(leaksIn(`key ${newApiKeyText().text}`, [])).toEqual(['an API key'])
  expect(leaksIn(JSON.stringify({ signing }), [])).toEqual(['a signing secret'])
  expect(leaksIn('whsec_[cut] augur_0123456789ab_[cut] canary', [secret])).toEqual([])
})

test('every file below a folder is looked through, but for the one that is there for its secret', async () => {
  await mkdir(join(folder, 'deep'))
  await writeFile(join(folder, 'master.key'), secret)
  await writeFile(join(folder, 'deep', 'log'), `before ${secret} after`)
  const found = await leaksBelow(folder, [secret], 'master.key')
  expect(found).toEqual([expect.stringContaining('deep/log')])
})

test('a secret that lies across two parts of a large file is found', async () => {
  const part = 8 * 1024 ** 2
  const content = Buffer.alloc(part + 100, '.')
  content.write(secret, part - 10)
  await writeFile(join(folder, 'large'), content)
  expect(await leaksBelow(folder, [secret], '')).toHaveLength(1)
})

test('what the stacks of a run note is there at its end, once', async () => {
  const url = `redis://127.0.0.1:${1024 + (process.pid % 60_000)}`
  await noteSecrets(url, [secret])
  await noteSecrets(url, [signing])
  expect(await notedSecrets(url)).toEqual([secret, signing])
  expect(await notedSecrets(url)).toEqual([])
})
