import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeModel } from '@augur/test-support/models'
import { encodeOnnx } from '@augur/test-support/onnx'
import type { TestStack } from '@augur/test-support/test-stack'
import { bodyOf } from './predictions.js'

/** What the gated model does with an input before it gives `value` back. */
export interface GatedInput {
  /** Three numbers. */
  value: number[]
  /** Blocks the runner until the test opens this gate. */
  gate?: string
}

export interface GatedRepository {
  dir: string
  /** Lets everything through that waits at this gate now or later. */
  open(gate: string): Promise<void>
  /** Values whose preprocessing has begun, in that order. */
  begun(): Promise<number[][]>
  remove(): Promise<void>
}

interface Serving {
  batchSize?: number
  maxDelayMs?: number
  timeoutSeconds?: number
}

const pipelineIn = (folder: string) => `
import { appendFileSync, existsSync } from 'node:fs'
const cell = new Int32Array(new SharedArrayBuffer(4))
const worker = process.ppid

export function preprocess({ value, gate }) {
  appendFileSync(${JSON.stringify(join(folder, 'begun'))}, JSON.stringify(value) + '\\n')
  const path = ${JSON.stringify(join(folder, 'gate-'))} + gate
  // A story that fails leaves its gates closed: nobody is to wait there for ever.
  while (gate && !existsSync(path) && process.ppid === worker) Atomics.wait(cell, 0, 0, 5)
  return { x: { type: 'float32', dims: [1, 3], data: Float32Array.from(value) } }
}

export function postprocess(outputs) {
  return { value: Array.from(outputs.y.data) }
}
`

/**
 * A model repository with `augur/gated`: a run ends when the test says so, and not after some time. Without a time
 * limit that a test would reach, unless told.
 */
export async function gatedRepository(serving: Serving = {}): Promise<GatedRepository> {
  const folder = await mkdtemp(join(tmpdir(), 'augur-gated-'))
  const dir = join(folder, 'models')
  await mkdir(dir)
  const { batchSize = 1, maxDelayMs = 5, timeoutSeconds = 3600 } = serving
  const inputs = [{ name: 'x', type: 'float32' as const, shape: ['N', 3] }]
  const outputs = [{ name: 'y', type: 'float32' as const, shape: ['N', 3] }]
  await writeModel(dir, 'gated', '1', {
    onnx: encodeOnnx({ nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }], inputs, outputs }),
    files: { 'pipeline.mjs': pipelineIn(folder) },
    manifest: {
      description: 'Gives back what it got, once its gate is open',
      inputs,
      outputs,
      pipeline: { name: 'module', path: 'pipeline.mjs' },
      serving: { batching: { maxSize: batchSize, maxDelayMs }, timeoutSeconds },
    },
  })
  return {
    dir,
    open: (gate) => writeFile(join(folder, `gate-${gate}`), ''),
    async begun() {
      const text = await readFile(join(folder, 'begun'), 'utf8').catch(() => '')
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Asks for a prediction of the gated model; `headers` and further fields of the body as given. */
export function requestGated(
  stack: TestStack,
  input: GatedInput,
  { headers = {}, body = {} }: { headers?: Record<string, string>; body?: object } = {},
): Promise<Response> {
  return stack.request('/models/augur/gated/predictions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ ...body, input }),
  })
}

/** Submits an input of the gated model and gives the prediction's id. */
export async function submitGated(stack: TestStack, input: GatedInput, webhook?: string): Promise<string> {
  const response = await requestGated(stack, input, { body: { ...(webhook && { webhook }) } })
  if (response.status !== 201) throw new Error(`not accepted: ${response.status} ${await response.text()}`)
  return (await bodyOf(response)).id
}
