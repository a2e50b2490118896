import { join } from 'node:path'
import type { Manifest, TensorSpec } from '@augur/core/models/manifest'
import { env, type InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { compareWithModel } from './compare-with-model.js'
import { createSession } from './execution-providers.js'
import type { Served, SessionSettings } from './runner/protocol.js'
import { findMismatch, type Tensor, type Tensors } from './tensor.js'

/** The model file and its manifest do not say the same. */
export class ManifestMismatchError extends Error {
  override readonly name = 'ManifestMismatchError'
}

/** One model, opened. Only a runner's process may import this file: a run blocks its thread and can kill its process. */
export class OnnxSession {
  /** Runs that ONNX Runtime itself refused. */
  failedRuns = 0
  private readonly outputNames: string[]

  private constructor(
    private readonly session: InferenceSession,
    private readonly manifest: Manifest,
    readonly served: Served,
  ) {
    this.outputNames = manifest.outputs.map(({ name }) => name)
  }

  /** Opens `model.onnx` of a version's folder and compares it with the manifest. */
  static async open(
    folder: string,
    manifest: Manifest,
    { providers, threads }: SessionSettings,
  ): Promise<OnnxSession> {
    const { session, provider } = await createSession(join(folder, 'model.onnx'), providers, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // Threads that spin while they wait for work burn twice the CPU of the work itself.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    })
    const outputShapes = manifest.pipeline.name !== 'tensors'
    const problem = compareWithModel(manifest, session, { outputShapes })
    const served = { runtime: `onnxruntime-node ${env.versions.node ?? env.versions.common}`, provider }
    if (!problem) return new OnnxSession(session, manifest, served)
    await session.release()
    throw new ManifestMismatchError(problem)
  }

  /**
   * Runs joined feeds. They are checked first: a run that ONNX Runtime itself refuses leaks memory. Outputs have the
   * declared types; their shapes are what the model made, even where it had declared others.
   */
  async run(feeds: Tensors): Promise<Tensors> {
    const problem = findMismatch(feeds, this.manifest.inputs)
    if (problem) throw new TypeError(`input ${problem}`)
    const given = Object.fromEntries(this.manifest.inputs.map(({ name }) => [name, toOrt(feeds[name])]))
    const results = await this.session.run(given, this.outputNames).catch((error: unknown) => {
      this.failedRuns++
      throw error
    })
    return Object.fromEntries(
      this.manifest.outputs.map((spec) => [spec.name, fromOrt(results[spec.name], spec)]),
    )
  }

  /** Frees the model's memory. */
  release(): Promise<void> {
    return this.session.release()
  }
}

function toOrt(tensor: Tensor | undefined): OrtTensor {
  if (!tensor) throw new TypeError('an input is missing')
  const given = new OrtTensor(tensor.type, tensor.data, tensor.dims)
  // Where JavaScript has a Float16Array the tensor wraps its bits in one, which this release's native part cannot read.
  if (tensor.type === 'float16') Object.defineProperty(given, 'cpuData', { value: tensor.data })
  return given
}

function fromOrt(tensor: OrtTensor | undefined, { name, type }: TensorSpec): Tensor {
  if (tensor?.type !== type) throw new TypeError(`output ${name} is not of type ${type}`)
  const { data, dims } = tensor
  if (type !== 'float16' || Array.isArray(data) || data instanceof Uint16Array) return { type, dims, data }
  return { type, dims, data: new Uint16Array(data.buffer, data.byteOffset, data.length) }
}
