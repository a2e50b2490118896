import { mkdir, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeModel } from '@augur/test-support/models'
import { scalingModel } from '@augur/test-support/scaling'

/** Puts other files into the folder of a model's label `1`, one after the other, and gives the new version's id. */
export async function swapScaling(modelsDir: string, name: string, factor: number): Promise<string> {
  const elsewhere = await mkdtemp(join(tmpdir(), 'augur-swap-'))
  const { folder, id } = await scalingModel(elsewhere, { name, factor })
  const served = join(modelsDir, name, '1')
  await mkdir(served, { recursive: true })
  // In two steps without a wait between them: a worker that finds nothing there takes the version for removed.
  await rename(served, join(elsewhere, 'before'))
  await rename(folder, served)
  await rm(elsewhere, { recursive: true, force: true })
  return id
}

export interface Breakage {
  name: string
  /** The reason code that it is to be shown with. */
  code: string
  /** Breaks the files of a model's label `1`. */
  apply(modelsDir: string, name: string): Promise<void>
}

const modelIn = (modelsDir: string, name: string) => join(modelsDir, name, '1', 'model.onnx')

function damage(name: string, code: string, apply: (file: string) => Promise<void>): Breakage {
  return { name, code, apply: (modelsDir, model) => apply(modelIn(modelsDir, model)) }
}

/** What copies, proxies and version control leave in place of a model. */
export const breakages: readonly Breakage[] = [
  damage('truncated', 'checksum_mismatch', (file) => truncate(file, 20)),
  damage('empty', 'checksum_mismatch', (file) => truncate(file, 0)),
  damage('garbage', 'checksum_mismatch', (file) => writeFile(file, Buffer.alloc(500, 0xa5))),
  damage('page of a proxy', 'checksum_mismatch', (file) => writeFile(file, '<html>404 Not Found</html>')),
  damage('git-lfs pointer', 'missing_file', (file) =>
    writeFile(file, 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n'),
  ),
  damage('missing', 'missing_file', (file) => rm(file)),
  { name: 'opset from the future', code: 'invalid_model', apply: raiseOpset },
]

/** A model that its manifest describes as it is, and that ONNX Runtime is too old for. */
async function raiseOpset(modelsDir: string, name: string): Promise<void> {
  const { manifest } = await scalingModel(modelsDir, { name, factor: 1000 })
  const onnx = await readFile(modelIn(modelsDir, name))
  // The test's encoder writes the opset last.
  onnx[onnx.length - 1] = 99
  const { files: _, ...rest } = manifest
  await writeModel(modelsDir, name, '1', { manifest: rest, onnx })
}
