import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type ManifestInput, manifestSchema } from '@augur/core/models/manifest'
import type { LocalVersion } from '@augur/core/models/version'
import { versionId } from '@augur/core/models/version-id'
import { encodeOnnx } from './onnx.js'

export interface ModelFiles {
  /** Everything but `files`, which is computed. */
  manifest: Omit<ManifestInput, 'files'>
  onnx: Uint8Array
  /** Further files by their path in the folder. */
  files?: Record<string, string | Uint8Array>
}

export interface ReadyMadeOptions {
  name?: string
  label?: string
  serving?: ManifestInput['serving']
}

/** Writes a version's folder with its manifest and checksums, as `readModelRepository` wants it. */
export async function writeModel(
  dir: string,
  name: string,
  label: string,
  { manifest, onnx, files = {} }: ModelFiles,
): Promise<LocalVersion> {
  const folder = join(dir, name, label)
  const contents = Object.entries({ 'model.onnx': onnx, ...files })
  for (const [path, content] of contents) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  const whole = { ...manifest, files: contents.map(([path, content]) => ({ path, sha256: sha256(content) })) }
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(whole, null, 2))
  const parsed = manifestSchema.parse(whole)
  return { id: versionId(parsed), model: `augur/${name}`, label, manifest: parsed, folder }
}

/** y = x + x on three float32, by the `tensors` pipeline: `{ x: [1, 2, 3] }` gives `{ y: [2, 4, 6] }`. */
export function sumModel(dir: string, options: ReadyMadeOptions = {}): Promise<LocalVersion> {
  const inputs = [{ name: 'x', type: 'float32' as const, shape: ['N', 3] }]
  const outputs = [{ name: 'y', type: 'float32' as const, shape: ['N', 3] }]
  const onnx = encodeOnnx({ nodes: [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }], inputs, outputs })
  return writeModel(dir, options.name ?? 'sum', options.label ?? '1', {
    onnx,
    manifest: {
      description: 'Adds each number to itself',
      inputs,
      outputs,
      pipeline: { name: 'tensors' },
      example: { x: [1, 2, 3] },
      serving: options.serving ?? { batching: { maxSize: 8 } },
    },
  })
}

/** What the sleeping model does with an input before it gives `value` back. */
export interface SleepingInput {
  /** Three numbers. */
  value: number[]
  /** Blocks the runner. */
  sleepMs?: number
  /** Kills the runner, after `sleepMs`. */
  crash?: boolean
  /** Makes `preprocess` throw. */
  fail?: boolean
}

const sleepingPipeline = `
export async function preprocess({ value, sleepMs = 0, crash = false, fail = false }) {
  if (sleepMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, sleepMs)
  if (crash) process.kill(process.pid, 'SIGKILL')
  if (fail) throw new Error('told to fail')
  return { x: { type: 'float32', dims: [1, 3], data: Float32Array.from(value) } }
}

export function postprocess(outputs) {
  return { value: Array.from(outputs.y.data) }
}
`

/** Identity on three numbers that sleeps, then crashes or fails as its `SleepingInput` says: for tests of faults. */
export function sleepingModel(dir: string, options: ReadyMadeOptions = {}): Promise<LocalVersion> {
  const inputs = [{ name: 'x', type: 'float32' as const, shape: ['N', 3] }]
  const outputs = [{ name: 'y', type: 'float32' as const, shape: ['N', 3] }]
  const onnx = encodeOnnx({ nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }], inputs, outputs })
  return writeModel(dir, options.name ?? 'sleeping', options.label ?? '1', {
    onnx,
    files: { 'pipeline.mjs': sleepingPipeline },
    manifest: {
      description: 'Gives back what it got, after a while',
      inputs,
      outputs,
      pipeline: { name: 'module', path: 'pipeline.mjs' },
      example: { value: [1, 2, 3] },
      serving: options.serving ?? { batching: { maxSize: 8 } },
    },
  })
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
