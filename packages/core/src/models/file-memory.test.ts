import { mkdtemp, open, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FileMemory } from './file-memory.js'

let dir: string
let path: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-memory-'))
  path = join(dir, 'file')
})
afterEach(() => rm(dir, { recursive: true }))

/** Reads the file through the memory; `computed` counts how often it was really read. */
function createReader() {
  const reader = { computed: 0, read, forgetUnused: () => memory.forgetUnused() }
  const memory = new FileMemory(async (handle) => {
    reader.computed++
    return handle.readFile('utf8')
  })
  async function read(): Promise<string> {
    const handle = await open(path)
    return memory.of(path, handle).finally(() => void handle.close())
  }
  return reader
}

test('a file that stays as it is is read once', async () => {
  const reader = createReader()
  await writeFile(path, 'one')
  expect([await reader.read(), await reader.read(), reader.computed]).toEqual(['one', 'one', 1])
})

test('a file that was written to or replaced is read again, whatever its size and date', async () => {
  const reader = createReader()
  const other = join(dir, 'other')
  await writeFile(path, 'one')
  await utimes(path, 1, 1)
  await reader.read()
  await writeFile(other, 'two')
  await utimes(other, 1, 1)
  await rename(other, path)
  expect(await reader.read()).toBe('two')
  await writeFile(path, 'six')
  await utimes(path, 1, 1)
  expect(await reader.read()).toBe('six')
})

test('a file that was not asked for between two clean-ups is forgotten, and others are not', async () => {
  const reader = createReader()
  await writeFile(path, 'one')
  await reader.read()
  reader.forgetUnused()
  await reader.read()
  expect(reader.computed).toBe(1)
  reader.forgetUnused()
  reader.forgetUnused()
  await reader.read()
  expect(reader.computed).toBe(2)
})
