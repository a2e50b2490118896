import { createHash } from 'node:crypto'
import { link, mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { encodeOnnx } from '@augur/test-support/onnx'
import { field, message } from '@augur/test-support/protobuf'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readModelRepository } from './model-repository.js'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-models-'))
})
afterEach(() => rm(dir, { recursive: true }))

const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')

const tensor = (name: string, shape: (number | string)[] = ['N', 3]) => ({
  name,
  type: 'float32' as const,
  shape,
})
const sum = encodeOnnx({
  nodes: [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }],
  inputs: [tensor('x')],
  outputs: [tensor('y')],
})
/** The sum model, told from others by its documentation. */
const model = (doc: string) => message(sum, field(6, doc))
const weightsIn = (location: string, length = '1') =>
  field(
    7,
    field(
      5,
      message(
        ...Object.entries({ location, length }).map(([key, value]) =>
          field(13, message(field(1, key), field(2, value))),
        ),
        field(14, 1),
      ),
    ),
  )

/** Writes a version whose model is known by `doc`; `extra` lands in the manifest. */
async function write(
  path: string,
  doc: string | Uint8Array,
  extra: object = {},
  files: Record<string, string> = {},
) {
  const folder = join(dir, path)
  const all = { 'model.onnx': typeof doc === 'string' ? model(doc) : doc, ...files }
  for (const [name, text] of Object.entries(all)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  const manifest = {
    inputs: [tensor('x')],
    outputs: [tensor('y')],
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
    versions: versions.map((version) => `${version.model} ${version.label}`),
    problems: problems.map(
      (problem) =>
        `${[problem.model, problem.label, problem.file, problem.field].filter((part) => part !== undefined).join(' ')}: ${problem.reason}`,
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
  const { versions, problems } = await read()
  expect(versions).toEqual(['augur/sum 1'])
  expect(problems).toEqual([
    expect.stringMatching(/^augur\/sum 2 manifest.json pipeline.name: /),
    expect.stringMatching(/^augur\/sum 3 manifest.json serving.instances: /),
    expect.stringMatching(/^augur\/sum 3 manifest.json: .*tuning/),
    'augur/sum 4 manifest.json: is not JSON',
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
    problems: ['augur/twin 1 .: is the same version as augur/sum 1'],
  })
})

test('a repository that does not exist is an error', async () => {
  await expect(readModelRepository(join(dir, 'nowhere'))).rejects.toThrow('ENOENT')
})

describe('a folder with only model.onnx', () => {
  async function drop(path: string, files: Record<string, string | Uint8Array>) {
    await mkdir(join(dir, path), { recursive: true })
    for (const [name, content] of Object.entries(files)) await writeFile(join(dir, path, name), content)
  }

  test('is a version, by what the file says', async () => {
    await drop('sum/1', { 'model.onnx': sum, 'notes.txt': 'of no account' })
    const { versions, problems } = await readModelRepository(dir)
    expect(problems).toEqual([])
    expect(versions).toMatchObject([
      {
        model: 'augur/sum',
        manifest: {
          inputs: [tensor('x')],
          outputs: [tensor('y')],
          pipeline: { name: 'tensors' },
          files: [{ path: 'model.onnx', sha256: sha256(sum) }],
          serving: { batching: { maxSize: 1 } },
        },
      },
    ])
  })

  test('lists its external data itself', async () => {
    await drop('sum/1', { 'model.onnx': message(sum, weightsIn('./w.bin')), 'w.bin': 'w' })
    const [version] = (await readModelRepository(dir)).versions
    expect(version?.manifest.files.map(({ path }) => path)).toEqual(['model.onnx', 'w.bin'])
    await rm(join(dir, 'sum/1/w.bin'))
    expect((await read()).problems).toEqual(['augur/sum 1 w.bin: is missing'])
  })

  test('names every open dimension, and leaves out inputs that have a value', async () => {
    const value = (name: string, ...dimensions: Uint8Array[]) =>
      field(
        11,
        message(
          field(1, name),
          field(2, field(1, message(field(1, 1), field(2, message(...dimensions.map((d) => field(1, d))))))),
        ),
      )
    const more = field(7, message(value('z', field(1, 2), message()), value('w'), field(5, field(8, 'w'))))
    await drop('sum/1', { 'model.onnx': message(sum, more) })
    const [version] = (await readModelRepository(dir)).versions
    expect(version?.manifest.inputs).toEqual([tensor('x'), tensor('z', [2, 'z_dim1'])])
  })

  test('is refused with the element type that cannot be passed', async () => {
    const bfloat16 = field(11, message(field(1, 'b'), field(2, field(1, field(1, 16)))))
    await drop('sum/1', { 'model.onnx': message(sum, field(7, bfloat16)) })
    const { problems } = await readModelRepository(dir)
    expect(problems).toMatchObject([
      { code: 'unsupported_model', reason: expect.stringContaining('has the input b, which is bfloat16') },
    ])
  })

  test('goes by its tensors where other outputs are none', async () => {
    const map = field(12, message(field(1, 'probabilities'), field(2, field(4, field(1, '')))))
    await drop('sum/1', { 'model.onnx': message(sum, field(7, map)) })
    const [version] = (await readModelRepository(dir)).versions
    expect(version?.manifest.outputs).toEqual([tensor('y')])
  })
})

test('a model that lies beside the versions instead of in one is reported', async () => {
  await mkdir(join(dir, 'sum'))
  await writeFile(join(dir, 'sum', 'model.onnx'), sum)
  expect((await read()).problems).toEqual([
    'augur/sum  .: lies in the folder of the model: a version needs a folder of its own in it, such as 1/',
  ])
})

describe('model.onnx', () => {
  test.each<[string, object, string]>([
    ['another input', { inputs: [tensor('z')] }, 'inputs.0.name'],
    ['another output', { outputs: [tensor('z')] }, 'outputs.0.name'],
    ['another type', { inputs: [{ ...tensor('x'), type: 'int64' }] }, 'inputs.0.type'],
    ['another rank', { inputs: [tensor('x', ['N', 3, 1])] }, 'inputs.0.shape'],
    ['an open rank', { inputs: [{ ...tensor('x'), shape: null }] }, 'inputs.0.shape'],
    ['another fixed dimension', { outputs: [tensor('y', ['N', 4])] }, 'outputs.0.shape.1'],
    ['an open dimension that is fixed', { outputs: [tensor('y', ['N', 'M'])] }, 'outputs.0.shape.1'],
  ])('is what the manifest says it is: %s is reported', async (_what, extra, at) => {
    await write('sum/1', 'one', extra)
    const { problems } = await readModelRepository(dir)
    expect(problems[0]).toMatchObject({ code: 'invalid_manifest', file: 'manifest.json', field: at })
  })

  test('may leave open what the manifest fixes', async () => {
    await write('sum/1', 'one', { inputs: [tensor('x', [2, 3])], outputs: [tensor('y', [2, 3])] })
    expect((await read()).problems).toEqual([])
  })

  test('needs a manifest that declares all of its inputs', async () => {
    await write('sum/1', message(sum, field(7, field(11, field(1, 'z')))))
    expect((await read()).problems).toEqual([
      "augur/sum 1 manifest.json inputs: do not declare the model's input z",
    ])
  })

  test.each<[string, string | Uint8Array, string]>([
    ['empty', Buffer.alloc(0), 'is empty'],
    ['a page', Buffer.from('\n<html>Sign in</html>'), 'is an HTML or XML page, not an ONNX model'],
    ['cut off', sum.subarray(0, 40), 'ends in the middle'],
    ['ORT format', Buffer.from('0000ORTM'), 'is in the ORT format, not an ONNX model'],
  ])('is an ONNX file: %s is reported', async (_what, content, reason) => {
    await write('sum/1', content)
    const { problems } = await readModelRepository(dir)
    expect(problems).toMatchObject([{ code: 'invalid_model', file: 'model.onnx', reason }])
  })

  test('uses operators that ONNX Runtime has', async () => {
    await write('sum/1', message(sum, field(7, field(1, field(7, 'com.example')))))
    const { problems } = await readModelRepository(dir)
    expect(problems).toMatchObject([
      { code: 'unsupported_model', reason: expect.stringContaining('"com.example"') },
    ])
  })

  test('of 2 GiB or more is refused unread', async () => {
    const folder = await write('sum/1', 'one')
    await rm(join(folder, 'manifest.json'))
    await truncate(join(folder, 'model.onnx'), 2 ** 31)
    const { problems } = await readModelRepository(dir)
    expect(problems).toMatchObject([{ code: 'too_large', file: 'model.onnx' }])
  })
})

describe('external data', () => {
  test.each([
    '../w.bin',
    '/etc/passwd',
    'data/../../w.bin',
    'C:/w.bin',
    '..\\w.bin',
    '\\\\host\\w.bin',
    'w\0.bin',
    '',
    '.',
    '*/_ORT_MEM_ADDR_/*',
  ])('at %j is refused, with a manifest and without', async (location) => {
    const folder = await write('sum/1', message(sum, weightsIn(location)))
    const unsafe = [{ code: 'unsafe_file', file: 'model.onnx' }]
    expect((await readModelRepository(dir)).problems).toMatchObject(unsafe)
    await rm(join(folder, 'manifest.json'))
    expect((await readModelRepository(dir)).problems).toMatchObject(unsafe)
  })

  test('must be listed by a manifest', async () => {
    const folder = await write('sum/1', message(sum, weightsIn('w.bin')))
    await writeFile(join(folder, 'w.bin'), 'w')
    expect((await read()).problems).toEqual([
      'augur/sum 1 w.bin files: holds weights of model.onnx and must be listed',
    ])
  })

  test('holds all bytes that the model wants', async () => {
    await write('sum/1', message(sum, weightsIn('w.bin', '3')), {}, { 'w.bin': 'ww' })
    expect((await read()).problems).toEqual([
      'augur/sum 1 w.bin: ends after 2 bytes, and model.onnx wants 3 of it',
    ])
  })

  test('without a manifest is no link either', async () => {
    const folder = await write('sum/1', message(sum, weightsIn('w.bin')))
    await rm(join(folder, 'manifest.json'))
    await writeFile(join(dir, 'elsewhere'), 'w')
    await link(join(dir, 'elsewhere'), join(folder, 'w.bin'))
    expect((await readModelRepository(dir)).problems).toMatchObject([
      { code: 'unsafe_file', file: 'w.bin', reason: 'has a second hard link' },
    ])
  })
})

test('a version beyond the size limit is refused', async () => {
  await write('sum/1', 'one', {}, { 'w.bin': 'w'.repeat(1000) })
  const { problems } = await readModelRepository(dir, { limits: { maxBytes: 1000 } })
  expect(problems).toMatchObject([{ code: 'too_large', file: '.' }])
})

test('a version without a manifest that is beyond the size limit is refused unread', async () => {
  const folder = await write('sum/1', message(sum, weightsIn('w.bin')), {}, { 'w.bin': 'w' })
  await rm(join(folder, 'manifest.json'))
  // So large that reading it would take minutes.
  await truncate(join(folder, 'w.bin'), 2 ** 37)
  const { problems } = await readModelRepository(dir, { limits: { maxBytes: 1000 } })
  expect(problems).toMatchObject([{ code: 'too_large', file: '.' }])
})

test('a model without a manifest that is beyond the size limit is refused before it is parsed', async () => {
  const folder = await write('sum/1', 'one')
  await rm(join(folder, 'manifest.json'))
  await writeFile(join(folder, 'model.onnx'), 'no ONNX model. '.repeat(100))
  const { problems } = await readModelRepository(dir, { limits: { maxBytes: 1000 } })
  expect(problems).toMatchObject([{ code: 'too_large', file: 'model.onnx' }])
})

test('a file that has a url may be missing', async () => {
  const files = [{ path: 'model.onnx', sha256: sha256(sum), url: 's3://bucket/sum.onnx' }]
  await rm(join(await write('sum/1', 'one', { files }), 'model.onnx'))
  expect(await read()).toEqual({ versions: ['augur/sum 1'], problems: [] })
})
