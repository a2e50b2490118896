import { join, relative } from 'node:path'
import { readModelRepository } from '@augur/core/models/model-repository'
import type { RepositoryProblem } from '@augur/core/models/repository-problem'
import type { FoundVersion } from '@augur/core/models/version'
import { VerificationError } from './verification-error.js'

const reference = /^(?:[^/:\s]+\/)?[^/:\s]+:[^/:\s]+$/

/** Splits `model:label`; the owner may be left out. @throws VerificationError */
export function parseReference(text: string): { model: string; label: string } {
  const [model = '', label = ''] = text.split(':')
  if (!reference.test(text))
    throw new VerificationError(`${text} must be written as MODEL:VERSION, as in digits:int8`)
  return { model: model.includes('/') ? model : `augur/${model}`, label }
}

/**
 * A version of the model repository, by model and label.
 * @throws VerificationError when it is not there, or has a problem
 */
export async function findVersion(dir: string, model: string, label: string): Promise<FoundVersion> {
  const { versions, problems } = await readModelRepository(dir).catch(() => {
    throw new VerificationError(`${dir} is no model repository that can be read`)
  })
  const isWanted = (each: { model: string; label: string }) => each.model === model && each.label === label
  const found = versions.find(isWanted)
  const problem = problems.find(isWanted)
  if (found) return found
  if (problem) throw new VerificationError(`${join(dir, label)} cannot be used: ${textOf(problem)}`)
  const known = versions.map((version) => `${version.model}:${version.label}`).join(', ')
  throw new VerificationError(
    `${relative('.', dir) || dir} holds no version ${model}:${label}; it holds ${known || 'none'}`,
  )
}

const textOf = ({ file, reason }: RepositoryProblem) => `${file} ${reason}`
