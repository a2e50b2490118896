import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Verification, verificationSchema } from '@augur/core/verification/verification'
import { afterEach, beforeEach, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const cli = join(root, 'apps/cli/dist/main.js')

let models: string
beforeEach(async () => {
  models = await mkdtemp(join(tmpdir(), 'augur-verify-'))
  await cp(join(root, 'models/digits'), join(models, 'digits'), { recursive: true })
})
afterEach(() => rm(models, { recursive: true, force: true }))

interface Run {
  code: number
  stdout: string
  stderr: string
}

function augurVerify(...args: string[]): Promise<Run> {
  const env = { ...process.env, AUGUR_MODELS_DIR: models, AUGUR_DATA_DIR: join(models, '.augur') }
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [cli, 'verify', '--seconds', '0.05', ...args],
      { env, cwd: root },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    )
  })
}

async function written(): Promise<Verification> {
  return verificationSchema.parse(
    JSON.parse(await readFile(join(models, 'digits/int8/verification.json'), 'utf8')),
  )
}

/** Turns weights of the largest layer, in the middle of the file, upside down. It still loads. */
async function damage(): Promise<void> {
  const folder = join(models, 'digits/int8')
  const model = await readFile(join(folder, 'model.onnx'))
  for (let at = Math.floor(model.length * 0.5); at < model.length * 0.8; at++) {
    model.writeUInt8(255 - model.readUInt8(at), at)
  }
  await writeFile(join(folder, 'model.onnx'), model)
  const sha256 = createHash('sha256').update(model).digest('hex')
  const manifest = await readFile(join(folder, 'manifest.json'), 'utf8')
  await writeFile(
    join(folder, 'manifest.json'),
    manifest.replace(/("model.onnx", "sha256": ")[0-9a-f]{64}/, `$1${sha256}`),
  )
}

test('the shipped int8 digits pass, with a report that needs no other host', async () => {
  const { code, stdout } = await augurVerify('digits:int8')
  expect(stdout).toContain('passed')
  expect(code).toBe(0)
  const verification = await written()
  expect(verification.passed).toBe(true)
  expect(verification.dataset.examples).toBe(450)
  expect(verification.candidate.cost.batches.map(({ microBatchSize }) => microBatchSize)).toEqual([
    1, 2, 4, 8, 16, 32,
  ])
  const page = await readFile(join(models, 'digits/int8/verification.html'), 'utf8')
  expect(page).toContain('top-1 accuracy')
  expect(page).not.toMatch(/(?:src|href)=|https?:\/\//)
})

test('a damaged copy fails with the rule that it breaks', async () => {
  await damage()
  const { code, stdout } = await augurVerify('digits:int8')
  expect(code).toBe(1)
  expect(stdout).toContain('✗ fall of top-1 accuracy')
  const { passed, rules } = await written()
  expect(passed).toBe(false)
  expect(rules.find(({ name }) => name === 'maxAccuracyDrop')?.passed).toBe(false)
})

test('flags override the tolerances of the manifest', async () => {
  const { code, stdout } = await augurVerify('digits:int8', '--max-size-ratio', '0.01')
  expect(code).toBe(1)
  expect(stdout).toContain('✗ size beside the baseline')
})

test.each([
  [['digits:int9'], /holds no version augur\/digits:int9; it holds .*augur\/digits:fp32/],
  [['digits'], /must be written as MODEL:VERSION/],
  [['digits:fp32'], /names no baseline/],
  [['digits:int8', '--dataset', 'nowhere.jsonl'], /nowhere\.jsonl does not exist/],
  [['digits:int8', '--max-accuracy-drop', 'much'], /--max-accuracy-drop must be a number, not much/],
])('%j is refused with what to put right, and nothing is written', async (args, message) => {
  const before = await readdir(join(models, 'digits/int8'))
  const { code, stderr } = await augurVerify(...args)
  expect(stderr).toMatch(message)
  expect(code).toBe(2)
  expect(await readdir(join(models, 'digits/int8'))).toEqual(before)
})

test.each([
  [
    'a label that the model does not know',
    { input: { pixels: Array(64).fill(1) }, label: 'ten' },
    /set\.jsonl:1 has the label "ten", which augur\/digits:int8 does not know/,
  ],
  [
    'inputs that do not fit',
    { input: { pixels: [1, 2] }, label: '1' },
    /1 of 1 inputs do not fit augur\/digits:int8; first .*set\.jsonl:1/,
  ],
])('%s is refused with file and line', async (_, line, message) => {
  const dataset = join(models, 'set.jsonl')
  await writeFile(dataset, JSON.stringify(line))
  const { code, stderr } = await augurVerify('digits:int8', '--dataset', dataset)
  expect(stderr).toMatch(message)
  expect(code).toBe(2)
})
