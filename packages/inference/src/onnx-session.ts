import { join } from 'node:path'
import type { Manifest, TensorSpec } from '@augur/core/models/manifest'
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { compareWithModel } from './compare-with-model.js'
import { findMismatch, type Tensor, type Tensors } from './tensor.js'

/** The model file and its manifest do not say the same. */
export class ManifestMismatchError extends Error {
  override readonly name = 'ManifestMismatchError'
}

/** One model, opened. Only a runner's process may import this file: a run blocks its thread and can kill its process. */
export class OnnxSession {
  private readonly outputNames: string[]

  private constructor(
    private readonly session: InferenceSession,
    private readonly manifest: Manifest,
  ) {
    this.outputNames = manifest.outputs.map(({ name }) => name)
  }

  /** Opens `model.onnx` of a version's folder and compares it with the manifest. */
  static async open(folder: string, manifest: Manifest): Promise<OnnxSession> {
    const session = await InferenceSession.create(join(folder, 'model.onnx'), {
      executionProviders: ['cpu'],
      intraOpNumThreads: manifest.serving.threads,
      interOpNumThreads: 1,
      // Threads that spin while they wait for work burn twice the CPU of the work itself.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    })
    const problem =
      compareWithModel('input', manifest.inputs, session.inputMetadata) ??
      compareWithModel('output', manifest.outputs, session.outputMetadata)
    if (!problem) return new OnnxSession(session, manifest)
    await session.release()
    throw new ManifestMismatchError(problem)
  }

  /** Runs joined feeds. They are checked first: a run that ONNX Runtime itself refuses leaks memory. */
  async run(feeds: Tensors): Promise<Tensors> {
    const problem = findMismatch(feeds, this.manifest.inputs)
    if (problem) throw new TypeError(`input ${problem}`)
    const given = Object.fromEntries(this.manifest.inputs.map(({ name }) => [name, toOrt(feeds[name])]))
    const results = await this.session.run(given, this.outputNames)
    const outputs = Object.fromEntries(
      this.manifest.outputs.map((spec) => [spec.name, fromOrt(results[spec.name], spec)]),
    )
    const mismatch = findMismatch(outputs, this.manifest.outputs)
    if (mismatch) throw new TypeError(`output ${mismatch}`)
    return outputs
  }

  /** Frees the model's memory. */
  release(): Promise<void> {
    return this.session.release()
  }
}

function toOrt(tensor: Tensor | undefined): OrtTensor {
  if (!tensor) throw new TypeError('an input is missing')
  return new OrtTensor(tensor.type, tensor.data, tensor.dims)
}

function fromOrt(tensor: OrtTensor | undefined, { name, type }: TensorSpec): Tensor {
  if (tensor?.type !== type) throw new TypeError(`output ${name} is not of type ${type}`)
  return { type, dims: tensor.dims, data: tensor.data }
}
