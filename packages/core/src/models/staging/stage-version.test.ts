import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ArtefactServer, startArtefactServer } from '@augur/test-support/artefact-server'
import { encodeOnnx } from '@augur/test-support/onnx'
import { field, message } from '@augur/test-support/protobuf'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { manifestSchema } from '../manifest.js'
import { readModelRepository } from '../model-repository.js'
import type { FoundVersion } from '../version.js'
import { versionId } from '../version-id.js'
import { type ArtefactSource, createArtefactSource } from './artefact-source.js'
import type { StageOptions } from './stage-options.js'
import { stageVersion } from './stage-version.js'
import { sweepStaged } from './sweep-staged.js'

const keys = { region: 'eu-test-1', accessKeyId: 'AKID', secretAccessKey: 'sec/ret+' }
const tensor = (name: string) => ({ name, type: 'float32' as const, shape: ['N', 3] })
const sum = encodeOnnx({
  nodes: [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }],
  inputs: [tensor('x')],
  outputs: [tensor('y')],
})
const weights = Buffer.alloc(300_000, 'weights')
const entries = [
  field(13, message(field(1, 'location'), field(2, 'data/w.bin'))),
  field(13, message(field(1, 'length'), field(2, '300000'))),
]
const withWeights = message(sum, field(7, field(5, message(...entries, field(14, 1)))))
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

let dir: string
let dataDir: string
let server: ArtefactServer
let source: ArtefactSource
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-stage-'))
  dataDir = join(dir, 'data')
  server = await startArtefactServer(keys)
  source = createArtefactSource({ mode: 'production', hosts: [], s3: { endpoint: server.url, ...keys } })
})
afterEach(async () => {
  await Promise.all([source.close(), server.close()])
  await rm(dir, { recursive: true })
})

/** A version whose files lie in its folder, or where they have a URL, in the store. */
async function create(
  files: Record<string, { bytes: Uint8Array; url?: string }>,
  folder = join(dir, 'source'),
): Promise<FoundVersion> {
  await mkdir(join(folder, 'data'), { recursive: true })
  for (const [path, { bytes, url }] of Object.entries(files)) {
    if (url === undefined) await writeFile(join(folder, path), bytes)
    else server.files.set(`/${url.slice('s3://'.length)}`, bytes)
  }
  const manifest = manifestSchema.parse({
    inputs: [tensor('x')],
    outputs: [tensor('y')],
    pipeline: { name: 'tensors' },
    files: Object.entries(files).map(([path, { bytes, url }]) => ({ path, sha256: sha256(bytes), url })),
  })
  return { id: versionId(manifest), model: 'augur/sum', label: '1', manifest, folder }
}

const stage = (found: FoundVersion, options: Partial<StageOptions> = {}) =>
  stageVersion(found, {
    dataDir,
    limits: { maxBytes: 1_000_000 },
    downloads: { source, retryMs: 1 },
    ...options,
  })
const remote = () =>
  create({
    'model.onnx': { bytes: withWeights, url: 's3://bucket/a b+c/sum.onnx' },
    'data/w.bin': { bytes: weights, url: 's3://bucket/w.bin' },
  })

test('the files of a folder are copied under the name of the version, and can no longer change', async () => {
  const found = await create({ 'model.onnx': { bytes: withWeights }, 'data/w.bin': { bytes: weights } })
  await writeFile(join(found.folder, 'notes.txt'), 'not listed')
  const result = await stage(found)
  const folder = join(dataDir, 'models', found.id)
  expect(result).toEqual({ ok: true, version: { ...found, folder } })
  expect((await readdir(folder, { recursive: true })).toSorted()).toEqual([
    'data',
    'data/w.bin',
    'model.onnx',
  ])
  const { mode, nlink } = await stat(join(folder, 'model.onnx'))
  expect([mode & 0o777, nlink]).toEqual([0o444, 1])
  await writeFile(join(found.folder, 'model.onnx'), 'replaced')
  expect(await stage(found)).toMatchObject({ ok: true })
  expect(await readFile(join(folder, 'model.onnx'))).toEqual(withWeights)
})

test('files that have a url are fetched from the store, once, and the progress is told', async () => {
  const found = await remote()
  server.answers.push({}, { cutAfterBytes: 100_000 }, { status: 500 })
  const progress: unknown[] = []
  const total = withWeights.length + weights.length
  const result = await stage(found, { onProgress: (each) => progress.push(each) })
  expect(result).toMatchObject({ ok: true })
  expect(progress.at(-1)).toEqual({ bytes: total, totalBytes: total })
  const staged = await readFile(join(dataDir, 'models', found.id, 'data/w.bin'))
  expect(weights.equals(staged)).toBe(true)
  const asked = server.requests.length
  await rm(join(dataDir, 'models', found.id), { recursive: true, force: true })
  expect(await stage(found)).toMatchObject({ ok: true })
  expect(server.requests).toHaveLength(asked)
})

test('many that stage one version at once all get it, and it is downloaded once', async () => {
  const found = await remote()
  const results = await Promise.all(Array.from({ length: 8 }, () => stage(found)))
  expect(results.every(({ ok }) => ok)).toBe(true)
  expect(server.requests).toHaveLength(2)
  expect((await readdir(join(dataDir, 'models'))).toSorted()).toEqual([found.id, 'files'].toSorted())
  const files = found.manifest.files.map((file) => file.sha256)
  expect((await readdir(join(dataDir, 'models', 'files'))).toSorted()).toEqual(files.toSorted())
})

describe('a version is refused, and nothing is left of it', () => {
  const left = () => readdir(join(dataDir, 'models')).catch(() => [])

  test('whose fetched file has another content', async () => {
    const found = await remote()
    server.files.set('/bucket/w.bin', Buffer.alloc(300_000, 'other'))
    expect(await stage(found)).toMatchObject({
      ok: false,
      problems: [{ code: 'checksum_mismatch', model: 'augur/sum', file: 'data/w.bin', field: 'files.1' }],
    })
    expect(await left()).toEqual(['files'])
  })

  test('whose own file has another content', async () => {
    const found = await create({ 'model.onnx': { bytes: sum } })
    await writeFile(join(found.folder, 'model.onnx'), withWeights)
    expect(await stage(found)).toMatchObject({ ok: false, problems: [{ code: 'checksum_mismatch' }] })
    expect(await left()).toEqual([])
  })

  test('whose file is gone', async () => {
    const found = await create({ 'model.onnx': { bytes: sum } })
    await rm(join(found.folder, 'model.onnx'))
    expect(await stage(found)).toMatchObject({ ok: false, problems: [{ code: 'missing_file' }] })
  })

  test('whose fetched model is another than the manifest says', async () => {
    const url = 's3://bucket/m.onnx'
    const found = await create({
      'model.onnx': { bytes: message(sum, field(7, field(11, field(1, 'z')))), url },
    })
    expect(await stage(found)).toMatchObject({
      ok: false,
      problems: [{ code: 'invalid_manifest', field: 'inputs' }],
    })
    expect(await left()).toEqual(['files'])
  })

  test('whose fetched model keeps weights elsewhere', async () => {
    const bytes = message(sum, field(7, field(5, field(13, message(field(1, 'location'), field(2, '../w'))))))
    const found = await create({ 'model.onnx': { bytes, url: 's3://bucket/m.onnx' } })
    expect(await stage(found)).toMatchObject({ ok: false, problems: [{ code: 'unsafe_file' }] })
  })

  test('that is too large as a whole, or of which one file is', async () => {
    const found = await remote()
    const limits = (maxBytes: number) => ({ limits: { maxBytes } })
    // Whichever comes last finds too little left.
    expect(await stage(found, limits(300_010))).toMatchObject({
      ok: false,
      problems: expect.arrayContaining([
        expect.objectContaining({ code: 'too_large', field: expect.stringMatching(/^files\.[01]$/) }),
      ]),
    })
    await rm(dataDir, { recursive: true })
    expect(await stage(found, limits(1000))).toMatchObject({
      ok: false,
      problems: [{ code: 'too_large', file: 'data/w.bin' }],
    })
  })

  test('whose files are too large together, however much of them lies in its folder', async () => {
    const model = { bytes: withWeights, url: 's3://bucket/m.onnx' }
    const found = await create({ 'model.onnx': model, 'data/w.bin': { bytes: weights } })
    expect(
      await stage(found, { limits: { maxBytes: weights.length + withWeights.length - 1 } }),
    ).toMatchObject({
      ok: false,
      problems: [{ code: 'too_large', file: 'model.onnx' }],
    })
    expect(await readdir(join(dataDir, 'models', 'files'))).not.toContain(sha256(withWeights))
  })

  test('whose keys are wrong, without a word about them', async () => {
    const wrong = createArtefactSource({
      mode: 'production',
      hosts: [],
      s3: { endpoint: server.url, ...keys, secretAccessKey: 'wrong' },
    })
    const result = await stage(await remote(), { downloads: { source: wrong, retryMs: 1 } })
    expect(result).toMatchObject({
      ok: false,
      problems: [{ code: 'fetch_failed' }, { code: 'fetch_failed' }],
    })
    expect(JSON.stringify(result)).not.toMatch(/AKID|wrong|Signature/)
    await wrong.close()
  })

  test('from a store that is not set', async () => {
    const none = createArtefactSource({ mode: 'production', hosts: [] })
    expect(await stage(await remote(), { downloads: { source: none } })).toMatchObject({
      ok: false,
      problems: [{ reason: expect.stringContaining('AUGUR_S3_ENDPOINT') }, {}],
    })
    await none.close()
  })

  test('when the data folder cannot be written', async () => {
    await mkdir(dataDir)
    await writeFile(join(dataDir, 'models'), 'in the way')
    expect(await stage(await create({ 'model.onnx': { bytes: sum } }))).toMatchObject({
      ok: false,
      problems: [{ code: 'fetch_failed', reason: expect.stringMatching(/data folder \((EEXIST|ENOTDIR)\)/) }],
    })
  })
})

test('without keys, objects are fetched without a signature', async () => {
  const open = await startArtefactServer()
  const anonymous = createArtefactSource({
    mode: 'production',
    hosts: [],
    s3: { endpoint: `${open.url}/`, region: 'auto' },
  })
  const found = await create({ 'model.onnx': { bytes: sum, url: 's3://bucket/sum.onnx' } })
  open.files.set('/bucket/sum.onnx', sum)
  expect(await stage(found, { downloads: { source: anonymous } })).toMatchObject({ ok: true })
  await Promise.all([anonymous.close(), open.close()])
})

test('a download that another process left is gone on with', async () => {
  const found = await remote()
  const [, { sha256: digest } = { sha256: '' }] = found.manifest.files
  const files = join(dataDir, 'models', 'files')
  await mkdir(files, { recursive: true })
  await writeFile(join(files, `${digest}.0123.part`), weights.subarray(0, 200_000))
  expect(await stage(found)).toMatchObject({ ok: true })
  const asked = server.requests.find(({ url }) => url.includes('w.bin'))
  expect(asked?.headers.range).toBe('bytes=200000-')
})

test('what was left of another file does not spoil a download', async () => {
  const found = await remote()
  const [, { sha256: digest } = { sha256: '' }] = found.manifest.files
  const files = join(dataDir, 'models', 'files')
  await mkdir(files, { recursive: true })
  await writeFile(join(files, `${digest}.0123.part`), Buffer.alloc(200_000, 'other'))
  expect(await stage(found)).toMatchObject({ ok: true })
})

test('a staged folder that lost a file is made anew', async () => {
  const found = await create({ 'model.onnx': { bytes: sum } })
  await stage(found)
  const file = join(dataDir, 'models', found.id, 'model.onnx')
  await chmod(file, 0o644)
  await rm(file)
  expect(await stage(found)).toMatchObject({ ok: true })
  expect(await readFile(file)).toEqual(sum)
})

test('a version that was found by its model.onnx alone can be staged', async () => {
  const folder = join(dir, 'models', 'sum', '1')
  await create({ 'model.onnx': { bytes: withWeights }, 'data/w.bin': { bytes: weights } }, folder)
  const { versions } = await readModelRepository(join(dir, 'models'))
  const [found] = versions
  if (!found) throw new Error('not found')
  expect(await stage(found)).toMatchObject({ ok: true })
})

test('what nobody uses any more is swept, and what is in use or young is not', async () => {
  const inUse = await create({ 'model.onnx': { bytes: sum } }, join(dir, 'a'))
  const unused = await remote()
  await Promise.all([stage(inUse), stage(unused)])
  const models = join(dataDir, 'models')
  const sweep = (now: number) => sweepStaged(dataDir, { keep: new Set([inUse.id]), olderThanMs: 1000, now })
  await mkdir(join(models, `${unused.id}.0123.tmp`))
  expect(await sweep(Date.now())).toEqual([])
  expect(await readdir(models)).toHaveLength(4)
  await utimes(join(models, 'files'), 0, 0)
  expect(await sweep(Date.now() + 10_000)).toEqual([unused.id])
  expect((await readdir(models)).toSorted()).toEqual([inUse.id, 'files'].toSorted())
  expect(await readdir(join(models, 'files'))).toEqual([])
})

test('a version that was kept a while ago is not swept in the moment in which nobody names it', async () => {
  const found = await create({ 'model.onnx': { bytes: sum } })
  await stage(found)
  const sweep = (keep: string[], now: number) =>
    sweepStaged(dataDir, { keep: new Set(keep), olderThanMs: 60_000, now })
  const now = Date.now()
  await sweep([found.id], now + 100_000)
  expect(await sweep([], now + 150_000)).toEqual([])
  expect(await sweep([], now + 170_000)).toEqual([found.id])
})
