import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { VerificationError } from '../verification-error.js'
import { readDataset } from './read-dataset.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'augur-dataset-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

const read = (path: string, labelColumn = 'label') => readDataset(path, { labelColumn })
const refusalOf = async (path: string) =>
  read(path).then(
    () => 'was read',
    (error: unknown) => (error instanceof VerificationError ? error.message : error),
  )

test('JSON Lines give inputs, labels and the line they stand in; empty lines are none', async () => {
  const path = await file('set.jsonl', '{"input":{"x":1},"label":"a"}\n\n{"input":{"x":2}}\n')
  const { examples, broken } = await read(path)
  expect(broken).toEqual([])
  expect(examples.map(({ at, label }) => [at.line, label])).toEqual([
    [1, 'a'],
    [3, null],
  ])
  expect(await examples[1]?.input()).toEqual({ x: 2 })
})

test('a broken line is named and left out, the others stay', async () => {
  const path = await file('set.jsonl', '{"input":{}}\n{"input":\n{"input":{}}\n{"inputs":{}}\n{"input":{}}')
  const { examples, broken } = await read(path)
  expect(examples).toHaveLength(3)
  expect(broken.map(({ at }) => `${at.file}:${at.line}`)).toEqual([`${path}:2`, `${path}:4`])
})

test('a CSV file gives typed columns, missing values and the label column', async () => {
  const path = await file('set.csv', '﻿age,city,member,species\n41,"Oslo, N",true,setosa\n,Rome,false,7\n')
  const { examples } = await read(path, 'species')
  expect(await examples[0]?.input()).toEqual({ age: 41, city: 'Oslo, N', member: true })
  expect(await examples[1]?.input()).toEqual({ age: null, city: 'Rome', member: false })
  expect(examples.map(({ label }) => label)).toEqual(['setosa', 7])
})

test('a row of another width is broken, and its line is right behind quoted line breaks', async () => {
  const path = await file('set.csv', 'a,b\n"1\n1",2\n3\n4,5\n')
  const { examples, broken } = await read(path)
  expect(examples).toHaveLength(2)
  expect(broken).toEqual([{ at: { file: path, line: 4 }, reason: 'has 1 cells, the header 2' }])
})

test('a folder of images is labelled by its folders; what is no image is broken', async () => {
  await mkdir(join(folder, 'cats'))
  await mkdir(join(folder, 'dogs'))
  await writeFile(join(folder, 'cats/1.png'), 'one')
  await writeFile(join(folder, 'dogs/2.JPG'), 'two')
  await writeFile(join(folder, 'dogs/notes.txt'), 'no')
  const { examples, broken } = await read(folder)
  expect(examples.map(({ label }) => label)).toEqual(['cats', 'dogs'])
  expect(await examples[1]?.input()).toEqual({
    image: `data:image/jpeg;base64,${Buffer.from('two').toString('base64')}`,
  })
  expect(broken.map(({ reason }) => reason)).toEqual(['is no PNG, JPEG or WebP file'])
})

test('another content is another digest', async () => {
  const one = await read(await file('one.jsonl', '{"input":{},"label":"a"}'))
  const other = await read(await file('other.jsonl', '{"input":{},"label":"b"}'))
  expect(one.sha256).not.toBe(other.sha256)
})

test.each([
  ['missing.jsonl', null, /missing\.jsonl does not exist/],
  ['empty.jsonl', '\n \n', /empty\.jsonl holds no example$/],
  ['set.txt', 'x', /must end in \.jsonl, \.ndjson or \.csv/],
  ['wrong.jsonl', 'not json\n', /wrong\.jsonl:1 is not JSON/],
  ['mostly.jsonl', '{"input":{}}\nx\ny\n', /2 of 3 lines are broken, first .*mostly\.jsonl:2/],
  ['twice.csv', 'a,a\n1,2\n', /twice\.csv:1 names a column twice/],
  ['quotes.csv', 'a,b\n"1,2\n', /quotes\.csv is no CSV/],
])('%s is refused with its file and its line', async (name, content, message) => {
  const path = content === null ? join(folder, name) : await file(name, content)
  expect(await refusalOf(path)).toMatch(message)
})
