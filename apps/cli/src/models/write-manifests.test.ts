import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readModelRepository } from '@augur/core/models/model-repository'
import { encodeOnnx } from '@augur/test-support/onnx'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeManifests } from './write-manifests.js'

const graph = encodeOnnx({
  nodes: [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }],
  inputs: [{ name: 'x', type: 'float32', shape: ['rows', 3] }],
  outputs: [{ name: 'y', type: 'float32', shape: ['lines', 3] }],
})

let dir: string
let folder: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-manifests-'))
  folder = join(dir, 'doubler', '1')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'model.onnx'), graph)
})
afterEach(() => rm(dir, { recursive: true }))

async function write(...names: string[]) {
  const errors: string[] = []
  const output = { line: () => {}, error: (text: string) => void errors.push(text) }
  return { code: await writeManifests(names, { dir, output }), errors }
}

const manifest = async () => JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'))
const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')

test('a folder without a manifest gets one that is served, and joins predictions where everything has rows', async () => {
  expect(await write('doubler')).toEqual({ code: 0, errors: [] })
  expect(await manifest()).toEqual({
    inputs: [{ name: 'x', type: 'float32', shape: ['N', 3] }],
    outputs: [{ name: 'y', type: 'float32', shape: ['N', 3] }],
    pipeline: { name: 'tensors' },
    serving: { batching: { maxSize: 32, maxDelayMs: 2 } },
    files: [{ path: 'model.onnx', sha256: sha256(graph) }],
  })
  const { versions, problems } = await readModelRepository(dir)
  expect([versions.length, problems]).toEqual([1, []])
})

test('a manifest gets the digests of its files, and the files that its pipeline names; all else stays', async () => {
  await write('augur/doubler:1')
  const before = await manifest()
  const pipeline = {
    name: 'tabular',
    columns: ['a', 'b', 'c'].map((name) => ({ name, kind: 'number' })),
    labels: 'labels.txt',
  }
  const labels = 'one\ntwo\nthree\n'
  await writeFile(join(folder, 'labels.txt'), labels)
  const edited = { ...before, description: 'mine', pipeline, files: [{ path: 'model.onnx', sha256: '…' }] }
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(edited))
  expect(await write('doubler')).toEqual({ code: 0, errors: [] })
  expect(Object.keys(await manifest())).toEqual(Object.keys(edited))
  expect(await manifest()).toEqual({
    ...before,
    description: 'mine',
    pipeline,
    files: [...before.files, { path: 'labels.txt', sha256: sha256(labels) }],
  })
})

test('what is wrong with a folder is said, and a manifest that cannot be read is left alone', async () => {
  await writeFile(join(folder, 'manifest.json'), '{')
  const { code, errors } = await write('doubler', 'nothing')
  expect([code, errors]).toEqual([
    1,
    [`${dir} holds no nothing.`, '✗ augur/doubler:1  manifest.json is not JSON'],
  ])
  expect(await readFile(join(folder, 'manifest.json'), 'utf8')).toBe('{')
})
