import type { OnnxModel } from './onnx/onnx-model.js'
import { relativePath } from './relative-path.js'
import { type Fault, shorten } from './repository-problem.js'

/** A file beside `model.onnx` that holds weights of it. */
export interface ExternalFile {
  path: string
  /** How many bytes the model wants of it. */
  neededBytes: number
}

/** Where a model's weights lie beside it, by path; faults for what would be read elsewhere. */
export function externalFiles(model: OnnxModel): { files: ExternalFile[]; faults: Fault[] } {
  const files = new Map<string, number>()
  const faults: Fault[] = []
  for (const [location, neededBytes] of model.externalData) {
    const path = pathOf(location)
    if (path === undefined) faults.push(outside(location))
    else files.set(path, Math.max(files.get(path) ?? 0, neededBytes))
  }
  return { files: [...files].map(([path, neededBytes]) => ({ path, neededBytes })), faults }
}

/** A location as a path of `files[]`, or undefined when it is none: absolute, upwards, with a drive or odd characters. */
function pathOf(location: string): string | undefined {
  const path = location
    .split('/')
    .filter((part, index) => part !== '.' && (part !== '' || index === 0))
    .join('/')
  return relativePath.safeParse(path).success ? path : undefined
}

function outside(location: string): Fault {
  const shown = JSON.stringify(shorten(location, 200))
  const reason = `keeps weights in ${shown}, which is no path inside the version folder that files[] could list`
  return { code: 'unsafe_file', file: 'model.onnx', reason }
}

/** What is wrong with the external data, given the sizes of the files that there are. `sizeOf` a file elsewhere is null. */
export function checkExternalFiles(
  files: readonly ExternalFile[],
  sizeOf: ReadonlyMap<string, number | null>,
): Fault[] {
  return files.flatMap(({ path, neededBytes }): Fault[] => {
    const size = sizeOf.get(path)
    if (size === undefined)
      return [
        {
          code: 'missing_file',
          file: path,
          field: 'files',
          reason: 'holds weights of model.onnx and must be listed',
        },
      ]
    if (size === null || size >= neededBytes) return []
    return [
      {
        code: 'invalid_model',
        file: path,
        reason: `ends after ${size} bytes, and model.onnx wants ${neededBytes} of it`,
      },
    ]
  })
}
