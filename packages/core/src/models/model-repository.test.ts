import { createHash } from 'node:crypto'
import { link, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readModelRepository } from './model-repository.js'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-models-'))
})
afterEach(() => rm(dir, { recursive: true }))

const sha256 = (content: string) => createHash('sha256').update(content).digest('hex')

/** Writes a version whose model file holds `content`; `extra` lands in the manifest. */
async function write(path: string, content: string, extra: object = {}, files: Record<string, string> = {}) {
  const folder = join(dir, path)
  const all = { 'model.onnx': content, ...files }
  for (const [name, text] of Object.entries(all)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  const manifest = {
    inputs: [{ name: 'x', type: 'float32', shape: ['N', 3] }],
    outputs: [{ name: 'y', type: 'float32', shape: ['N', 3] }],
    pipeline: { name: 'tensors' },
    files: Object.entries(all).map(([name, text]) => ({ path: name, sha256: sha256(text) })),
    ...extra,
  }
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest))
  return folder
}

/** Versions as `model label`, problems as `model label file field: reason`. */
async function read() {
  const { versions, problems } = await readModelRepository(dir)
  return {
    versions: versions.map(({ model, label }) => `${model} ${label}`),
    problems: problems.map(
      ({ model, label, file, field, reason }) =>
        `${[model, label, file, field].filter((part) => part !== undefined).join(' ')}: ${reason}`,
    ),
  }
}

test('every folder with a manifest is a version of its model, by name', async () => {
  await write('sum/2', 'two', {}, { 'data/weights.bin': 'w' })
  await write('sum/1', 'one')
  await write('digits/fp32', 'digits')
  expect(await read()).toEqual({
    versions: ['augur/digits fp32', 'augur/sum 1', 'augur/sum 2'],
    problems: [],
  })
  const [first] = (await readModelRepository(dir)).versions
  expect(first).toMatchObject({
    id: expect.stringMatching(/^[0-9a-f]{64}$/),
    folder: join(dir, 'digits', 'fp32'),
  })
})

test('files and folders beside the versions, and hidden ones, are passed over', async () => {
  await write('sum/1', 'one')
  await write('.cache/1', 'hidden')
  await write('sum/.tmp', 'hidden')
  await mkdir(join(dir, 'sum', 'testset'))
  await writeFile(join(dir, 'sum', 'train.py'), '')
  await writeFile(join(dir, 'README.md'), '')
  expect(await read()).toEqual({ versions: ['augur/sum 1'], problems: [] })
})

test('a bad version is reported where it is bad, and never stops the others', async () => {
  await write('sum/1', 'one')
  await write('sum/2', 'two', { pipeline: { name: 'magic' } })
  await write('sum/3', 'three', { serving: { instances: 0 }, tuning: true })
  await writeFile(join(await write('sum/4', 'four'), 'manifest.json'), '{')
  await rm(join(await write('sum/5', 'five'), 'manifest.json'))
  const { versions, problems } = await read()
  expect(versions).toEqual(['augur/sum 1'])
  expect(problems).toEqual([
    expect.stringMatching(/^augur\/sum 2 manifest.json pipeline.name: /),
    expect.stringMatching(/^augur\/sum 3 manifest.json serving.instances: /),
    expect.stringMatching(/^augur\/sum 3 manifest.json: .*tuning/),
    'augur/sum 4 manifest.json: is not JSON',
    'augur/sum 5 manifest.json: is missing or cannot be read',
  ])
})

describe('a file of a version', () => {
  test('has the content that the manifest declares', async () => {
    await writeFile(join(await write('sum/1', 'one'), 'model.onnx'), 'other')
    await rm(join(await write('sum/2', 'two'), 'model.onnx'))
    expect((await read()).problems).toEqual([
      'augur/sum 1 model.onnx: does not have the sha256 that the manifest declares',
      'augur/sum 2 model.onnx: is missing',
    ])
  })

  test('is no pointer of git-lfs', async () => {
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256('x')}\nsize 1\n`
    await writeFile(join(await write('sum/1', 'one'), 'model.onnx'), pointer)
    expect((await read()).problems).toEqual([
      'augur/sum 1 model.onnx: is a git-lfs pointer, not the file itself: run `git lfs pull`',
    ])
  })

  test('is its own: no link of either kind, nothing but a regular file', async () => {
    const outside = join(dir, 'outside.onnx')
    await writeFile(outside, 'one')
    const paths = await Promise.all(['1', '2', '3'].map((label) => write(`sum/${label}`, 'one')))
    const [soft = '', hard = '', folder = ''] = paths.map((path) => join(path, 'model.onnx'))
    await Promise.all([soft, hard, folder].map((path) => rm(path)))
    await symlink(outside, soft)
    await mkdir(folder)
    expect((await read()).problems).toContain('augur/sum 1 model.onnx: is a symbolic link')
    expect((await read()).problems).toContain('augur/sum 3 model.onnx: is not a regular file')
    await link(outside, hard)
    expect((await read()).problems).toContain('augur/sum 2 model.onnx: has a second hard link')
  })

  test('does not lie behind a linked folder', async () => {
    const folder = await write('sum/1', 'one', {}, { 'data/weights.bin': 'w' })
    await rename(join(folder, 'data'), join(dir, 'sum', 'elsewhere'))
    await symlink(join(dir, 'sum', 'elsewhere'), join(folder, 'data'))
    expect((await read()).problems).toEqual(['augur/sum 1 data/weights.bin: lies behind a symbolic link'])
  })
})

test('a linked folder and a folder whose name no URL could carry are reported', async () => {
  await write('sum/1', 'one')
  await write('sum/a b', 'two')
  await symlink(join(dir, 'sum', '1'), join(dir, 'sum', 'latest'))
  const { versions, problems } = await read()
  expect(versions).toEqual(['augur/sum 1'])
  expect(problems).toEqual([
    expect.stringContaining('augur/sum a b .: folder names hold'),
    'augur/sum latest .: the folder latest is a symbolic link',
  ])
})

test('a link that leads nowhere is reported, one to a file is not', async () => {
  await write('sum/1', 'one')
  await symlink(join(dir, 'nowhere'), join(dir, 'lost'))
  await symlink(join(dir, 'sum', '1', 'model.onnx'), join(dir, 'notes'))
  expect(await read()).toEqual({
    versions: ['augur/sum 1'],
    problems: ['augur/lost  .: the folder cannot be read'],
  })
})

test('the same version under a second name is reported, because an id belongs to one model', async () => {
  await write('sum/1', 'one')
  await write('twin/1', 'one')
  expect(await read()).toEqual({
    versions: ['augur/sum 1'],
    problems: ['augur/twin 1 manifest.json: is the same version as augur/sum 1'],
  })
})

test('a repository that does not exist is an error', async () => {
  await expect(readModelRepository(join(dir, 'nowhere'))).rejects.toThrow('ENOENT')
})
