import { readModelRepository } from '@augur/core/models/model-repository'
import { type Finding, ok, problem } from './finding.js'

/** Whether there are versions to serve, and what is wrong with those that are not. */
export async function checkModels(dir: string): Promise<Finding[]> {
  const repository = await readModelRepository(dir).catch(() => null)
  if (repository === null) {
    return [problem('models', `${dir} cannot be read`, 'mend AUGUR_MODELS_DIR, or make that folder')]
  }
  const { versions, problems } = repository
  const faults = problems.map(({ model, label, file, reason, code }) =>
    problem('models', `${model}:${label}: ${file} ${reason}`, remedies[code] ?? 'see models/README.md'),
  )
  if (versions.length > 0) {
    const names = versions.map(({ model, label }) => `${model}:${label}`).join(', ')
    return [ok('models', names), ...faults]
  }
  if (faults.length > 0) return faults
  return [
    problem(
      'models',
      `${dir} holds no version`,
      'put one at <model>/<version>/model.onnx below it; see models/README.md',
    ),
  ]
}

const remedies: Record<string, string> = {
  checksum_mismatch:
    'sha256sum the file, and write that into manifest.json; or fetch the file again (git lfs pull)',
  missing_file: 'put the file there, or take it out of `files` in manifest.json',
  invalid_manifest: 'mend manifest.json; models/README.md explains every field',
  invalid_model: 'export the model again, and check it with the onnx package: onnx.checker.check_model',
  unsafe_file: 'copy the file into the folder: links are not followed',
}
