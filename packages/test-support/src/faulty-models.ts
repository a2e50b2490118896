import type { LocalVersion } from '@augur/core/models/version'
import { type ReadyMadeOptions, writeModel } from './models.js'
import { encodeOnnx, type OnnxGraph } from './onnx.js'

/** What the misbehaving model does with an input before it says which process it runs in: `{ "pid": 123 }`. */
export interface MisbehavingInput {
  do?: 'kill' | 'exit' | 'throw-later' | 'block' | 'allocate' | 'fill-heap' | 'sleep' | 'send' | 'send-inside'
  /** For `sleep`. */
  ms?: number
  /** For `send`, and `send-inside`, which finds a way around what was taken away. */
  message?: unknown
}

const misbehavingPipeline = `
const deeds = {
  kill: () => process.kill(process.pid, 'SIGKILL'),
  exit: () => process.exit(3),
  'throw-later': () => new Promise(() => setTimeout(() => { throw new Error('told to throw') })),
  block: () => { for (;;) ; },
  allocate: () => { const kept = []; for (;;) kept.push(Buffer.alloc(2 ** 24, 1)) },
  'fill-heap': () => { const kept = []; for (;;) kept.push(new Array(1e6).fill({})) },
  sleep: ({ ms }) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
  send: ({ message }) => process.send(message),
  'send-inside': ({ message }) => new Promise((sent) => process._send(message, undefined, {}, sent)),
}
export async function preprocess(input) {
  await deeds[input.do]?.(input)
  return { x: { type: 'float32', dims: [1, 1], data: new Float32Array(1) } }
}
export const postprocess = () => ({ pid: process.pid })
`

/** A pipeline module that ends, blocks or fills its process as its `MisbehavingInput` says. */
export function misbehavingModel(dir: string, options: ReadyMadeOptions = {}): Promise<LocalVersion> {
  const inputs = [{ name: 'x', type: 'float32' as const, shape: ['N', 1] }]
  const outputs = [{ name: 'y', type: 'float32' as const, shape: ['N', 1] }]
  const onnx = encodeOnnx({ nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }], inputs, outputs })
  const { name = 'misbehaving', label = '1' } = options
  return writeModel(dir, name, label, {
    onnx,
    // Its name makes each a version with an id of its own.
    files: { 'pipeline.mjs': `// ${name}:${label}\n${misbehavingPipeline}` },
    manifest: {
      inputs,
      outputs,
      pipeline: { name: 'module', path: 'pipeline.mjs' },
      example: {},
      ...(options.serving && { serving: options.serving }),
    },
  })
}

/** Takes one number and runs for ever in native code. */
export function endlessModel(dir: string, options: ReadyMadeOptions = {}): Promise<LocalVersion> {
  return loopModel(dir, 'endless', options, {
    nodes: [
      { op: 'Identity', inputs: ['go'], outputs: ['going'] },
      { op: 'Identity', inputs: ['value'], outputs: ['next'] },
    ],
  })
}

/** Takes one number and allocates native memory for ever, 4 MB at a time. */
export function hungryModel(dir: string, options: ReadyMadeOptions = {}): Promise<LocalVersion> {
  const size = { name: 'size', type: 'int64' as const, dims: [1], data: BigInt64Array.of(1_000_000n) }
  return loopModel(dir, 'hungry', options, {
    nodes: [
      { op: 'Identity', inputs: ['go'], outputs: ['going'] },
      { op: 'Identity', inputs: ['value'], outputs: ['next'] },
      { op: 'Expand', inputs: ['value', 'size'], outputs: ['block'] },
    ],
    initializers: [size],
    scan: 'block',
  })
}

interface LoopBody extends Pick<OnnxGraph, 'nodes' | 'initializers'> {
  /** A value that is kept from every turn. */
  scan?: string
}

/** A Loop without an end: from `x` over `value` and `next` to `y`, while `going` is what `go` was. */
function loopModel(
  dir: string,
  name: string,
  options: ReadyMadeOptions,
  { scan, ...parts }: LoopBody,
): Promise<LocalVersion> {
  const number = (tensor: string) => ({ name: tensor, type: 'float32' as const, shape: [1] })
  const flag = (tensor: string) => ({ name: tensor, type: 'bool' as const, shape: [] })
  const body: OnnxGraph = {
    ...parts,
    inputs: [{ name: 'turn', type: 'int64', shape: [] }, flag('go'), number('value')],
    outputs: [
      flag('going'),
      number('next'),
      ...(scan ? [{ name: scan, type: 'float32' as const, shape: [1_000_000] }] : []),
    ],
  }
  const loop = {
    op: 'Loop',
    inputs: ['', 'always', 'x'],
    outputs: ['y', ...(scan ? ['kept'] : [])],
    attributes: { body: { graph: body } },
  }
  const inputs = [number('x')]
  const outputs = [number('y')]
  const always = { name: 'always', type: 'bool' as const, dims: [], data: Uint8Array.of(1) }
  return writeModel(dir, options.name ?? name, options.label ?? '1', {
    onnx: encodeOnnx({ nodes: [loop], inputs, outputs, initializers: [always] }),
    manifest: {
      inputs,
      outputs,
      pipeline: { name: 'tensors' },
      ...(options.serving && { serving: options.serving }),
    },
  })
}

/** int32 `x` divided by `by`: the processor refuses -2147483648 by -1, which ends the process. */
export function divisionModel(dir: string, options: ReadyMadeOptions = {}): Promise<LocalVersion> {
  const inputs = ['x', 'by'].map((name) => ({ name, type: 'int32' as const, shape: ['N'] }))
  const outputs = [{ name: 'y', type: 'int32' as const, shape: ['N'] }]
  return writeModel(dir, options.name ?? 'division', options.label ?? '1', {
    onnx: encodeOnnx({ nodes: [{ op: 'Div', inputs: ['x', 'by'], outputs: ['y'] }], inputs, outputs }),
    manifest: {
      inputs,
      outputs,
      pipeline: { name: 'tensors' },
      ...(options.serving && { serving: options.serving }),
    },
  })
}
