import type { LocalVersion } from '@augur/core/models/version'
import { encodeOnnx } from './onnx.js'
import { writeModel } from './models.js'

/** What the candidate does to an input whose first number is this; the stable version gives back what it got. */
export const candidateFaults = { wrong: 100, fails: -1, crashes: -2 } as const

const stablePipeline = `
export const preprocess = ({ value }) => ({ x: { type: 'float32', dims: [1, 3], data: Float32Array.from(value) } })
export const postprocess = (outputs) => ({ value: Array.from(outputs.y.data) })
`

const candidatePipeline = `
export function preprocess({ value }) {
  if (value[0] === ${candidateFaults.fails}) throw new Error('told to fail')
  if (value[0] === ${candidateFaults.crashes}) process.kill(process.pid, 'SIGKILL')
  return { x: { type: 'float32', dims: [1, 3], data: Float32Array.from(value) } }
}
export function postprocess(outputs) {
  const value = Array.from(outputs.y.data)
  return { value: value[0] === ${candidateFaults.wrong} ? value.map((each) => each + 50) : value }
}
`

/** `augur/trial` in two versions, `stable` and `candidate`, which answer alike but where the input asks for a fault. */
export async function trialModels(dir: string): Promise<{ stable: LocalVersion; candidate: LocalVersion }> {
  const inputs = [{ name: 'x', type: 'float32' as const, shape: ['N', 3] }]
  const outputs = [{ name: 'y', type: 'float32' as const, shape: ['N', 3] }]
  const onnx = encodeOnnx({ nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }], inputs, outputs })
  const write = (label: string, pipeline: string, baseline?: string) =>
    writeModel(dir, 'trial', label, {
      onnx,
      files: { 'pipeline.mjs': pipeline },
      manifest: {
        description: 'Gives back what it got',
        inputs,
        outputs,
        pipeline: { name: 'module', path: 'pipeline.mjs' },
        example: { value: [1, 2, 3] },
        serving: { batching: { maxSize: 8 } },
        ...(baseline && { baseline }),
      },
    })
  return {
    stable: await write('stable', stablePipeline),
    candidate: await write('candidate', candidatePipeline, 'stable'),
  }
}
