import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelLimits, RepositoryMemory } from './check-file.js'
import type { OnnxModel } from './onnx/onnx-model.js'
import { isFault, openOwnFile } from './open-own-file.js'
import { type Fault, shorten } from './repository-problem.js'

export const modelFile = 'model.onnx'

// A protobuf message cannot be larger.
const maxModelBytes = 2 ** 31 - 1

/** Operators that ONNX Runtime brings along. */
const builtInDomains: ReadonlySet<string> = new Set([
  '',
  'ai.onnx',
  'ai.onnx.ml',
  'ai.onnx.training',
  'ai.onnx.preview.training',
  'com.microsoft',
  'com.microsoft.experimental',
  'com.microsoft.nchwc',
  'com.ms.internal.nhwc',
  'com.microsoft.dml',
  'org.pytorch.aten',
])

/** Reads what `model.onnx` says about itself, and refuses what ONNX Runtime could not open. */
export async function inspectModel(
  folder: string,
  { limits, memory }: { limits: ModelLimits; memory: RepositoryMemory },
): Promise<OnnxModel | Fault> {
  const handle = await openOwnFile(folder, modelFile)
  if (isFault(handle)) return handle
  try {
    const reason = await refuse(handle)
    if (reason) return { code: 'invalid_model', file: modelFile, reason }
    const { size } = await handle.stat()
    if (size > maxModelBytes) return tooLarge
    if (size > limits.maxBytes) return beyondLimit(size, limits)
    const reading = await memory.models.of(join(folder, modelFile), handle)
    if (!reading.ok) return { code: 'invalid_model', file: modelFile, reason: reading.reason }
    return checkDomains(reading.model) ?? reading.model
  } catch {
    return { code: 'missing_file', file: modelFile, reason: 'cannot be read' }
  } finally {
    await handle.close()
  }
}

/** Tells a fault from a model. */
export function isModelFault(result: OnnxModel | Fault): result is Fault {
  return 'code' in result
}

const tooLarge: Fault = {
  code: 'too_large',
  file: modelFile,
  reason: 'is 2 GiB or larger: keep its weights in external data files',
}

function beyondLimit(bytes: number, { maxBytes }: ModelLimits): Fault {
  const reason = `holds ${bytes} bytes, more than the ${maxBytes} that AUGUR_MAX_MODEL_BYTES allows`
  return { code: 'too_large', file: modelFile, reason }
}

async function refuse(handle: FileHandle): Promise<string | undefined> {
  const start = Buffer.alloc(64)
  const { bytesRead } = await handle.read(start, 0, start.length, 0)
  if (bytesRead === 0) return 'is empty'
  if (start.toString('latin1').trimStart().startsWith('<')) return 'is an HTML or XML page, not an ONNX model'
  // ONNX Runtime's own format, which carries no checks.
  if (start.toString('latin1', 4, 8) === 'ORTM') return 'is in the ORT format, not an ONNX model'
  return undefined
}

function checkDomains({ domains, functionDomains }: OnnxModel): Fault | undefined {
  const foreign = [...domains].filter((domain) => !builtInDomains.has(domain) && !functionDomains.has(domain))
  if (foreign.length === 0) return undefined
  const shown = foreign.slice(0, 5).map((domain) => JSON.stringify(shorten(domain)))
  const reason = `uses operators of ${shown.join(', ')}, which need a custom operator library`
  return { code: 'unsupported_model', file: modelFile, reason }
}
