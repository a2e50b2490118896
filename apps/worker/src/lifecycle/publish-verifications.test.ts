import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readModelRepository } from '@augur/core/models/model-repository'
import type { VersionId } from '@augur/core/models/version'
import { createLogger } from '@augur/core/telemetry/logger'
import { digestDataset } from '@augur/core/verification/digest-dataset'
import type { Verification } from '@augur/core/verification/verification'
import type { VerificationState } from '@augur/core/verification/verification-state'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PublishedVerifications } from './publish-verifications.js'

const digits = fileURLToPath(new URL('../../../../models/digits', import.meta.url))

let models: string
let states: Map<VersionId, VerificationState>
let publications: number
let published: PublishedVerifications
beforeEach(async () => {
  models = await mkdtemp(join(tmpdir(), 'augur-verifications-'))
  await cp(digits, join(models, 'digits'), { recursive: true })
  await rm(join(models, 'digits/int8/verification.json'), { force: true })
  states = new Map()
  publications = 0
  published = new PublishedVerifications({
    logger: createLogger('test', 'fatal'),
    verifications: {
      async publish(given) {
        publications++
        for (const [id, state] of given) states.set(id, state)
      },
    },
  })
})
afterEach(() => rm(models, { recursive: true, force: true }))

async function stateOfInt8(): Promise<VerificationState | undefined> {
  const { versions } = await readModelRepository(models)
  await published.scanned(versions)
  const int8 = versions.find(({ label }) => label === 'int8')
  return int8 && states.get(int8.id)
}

async function verify(): Promise<void> {
  const { versions } = await readModelRepository(models)
  const idOf = (label: string) => versions.find((version) => version.label === label)?.id ?? ''
  const cost: Verification['baseline']['cost'] = {
    loadMs: 1,
    fileBytes: 1,
    peakResidentBytes: null,
    cpuCores: null,
    cpuMsPerPrediction: null,
    gpuUtilisation: null,
    gpuMemoryBytes: null,
    provider: 'cpu',
    runtime: 'onnxruntime-node',
    batches: [],
  }
  const side = (label: string) => ({
    id: idOf(label),
    label,
    failed: 0,
    classification: null,
    regression: null,
    cost,
  })
  const verification: Verification = {
    format: 1,
    model: 'augur/digits',
    createdAt: new Date(0).toISOString(),
    command: 'npm run verify -- digits:int8',
    machine: { cpu: 'any', cpus: 1, memoryBytes: 1, node: '20' },
    dataset: {
      name: 'heldout.jsonl',
      sha256: await digestDataset(join(models, 'digits/heldout.jsonl')),
      examples: 450,
      labelled: 450,
      broken: 0,
    },
    baseline: side('fp32'),
    candidate: side('int8'),
    agreement: null,
    disagreement: null,
    distance: { maxAbsolute: null, meanAbsolute: null, meanCosine: null, meanKl: null },
    rules: [],
    passed: true,
  }
  await writeFile(join(models, 'digits/int8/verification.json'), JSON.stringify(verification))
}

async function edit(path: string, from: RegExp, to: string): Promise<void> {
  const text = await readFile(join(models, path), 'utf8')
  await writeFile(join(models, path), text.replace(from, to))
}

test('a version with a baseline and no verification has none', async () => {
  expect(await stateOfInt8()).toEqual({ state: 'missing' })
})

test('a verification counts until the test set, the baseline or the version changes', async () => {
  await verify()
  expect(await stateOfInt8()).toMatchObject({ state: 'passed' })

  const heldout = await readFile(join(models, 'digits/heldout.jsonl'), 'utf8')
  await writeFile(join(models, 'digits/heldout.jsonl'), heldout.slice(heldout.indexOf('\n') + 1))
  expect(await stateOfInt8()).toEqual({ state: 'void', reason: 'dataset_changed' })
  await writeFile(join(models, 'digits/heldout.jsonl'), heldout)
  expect(await stateOfInt8()).toMatchObject({ state: 'passed' })

  await edit('digits/fp32/manifest.json', /"topK": 3/, '"topK": 2')
  expect(await stateOfInt8()).toEqual({ state: 'void', reason: 'baseline_changed' })
  await edit('digits/int8/manifest.json', /"topK": 3/, '"topK": 2')
  expect(await stateOfInt8()).toEqual({ state: 'void', reason: 'version_changed' })
})

test('tuning how a version is served leaves its verification good', async () => {
  await verify()
  await edit('digits/int8/manifest.json', /"maxSize": 32/, '"maxSize": 16')
  expect(await stateOfInt8()).toMatchObject({ state: 'passed' })
})

test('a verification that cannot be read is void', async () => {
  await writeFile(join(models, 'digits/int8/verification.json'), '{"passed": true}')
  expect(await stateOfInt8()).toEqual({ state: 'void', reason: 'unreadable' })
})

test('what stays the same is published once', async () => {
  await stateOfInt8()
  await stateOfInt8()
  expect(publications).toBe(1)
})
