import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LocalVersion } from '@augur/core/models/version'
import { answersOf, runInputOf } from './compare-versions.js'
import type { Example } from './dataset/example.js'
import type { MeasuredRunner } from './measured-runner.js'
import { VerificationError } from './verification-error.js'

/**
 * The classes that both versions answer with, in the order of the baseline's; null where their answers are no classes.
 * @throws VerificationError when the two know different classes
 */
export async function knownLabels(
  baseline: MeasuredRunner,
  candidate: MeasuredRunner,
  examples: readonly Example[],
): Promise<string[] | null> {
  const [before, now] = [await labelsOf(baseline, examples), await labelsOf(candidate, examples)]
  if (before === null || now === null) {
    if (before === now) return null
    throw new VerificationError('Only one of the two versions answers with classes.')
  }
  const strangers = now.filter((label) => !before.includes(label))
  if (strangers.length === 0 && now.length === before.length) return before
  const { model, label } = candidate.version
  throw new VerificationError(
    `${model}:${label} knows other classes than its baseline: ${now.length} beside ${before.length}` +
      (strangers[0] === undefined ? '' : `, among them ${JSON.stringify(strangers[0])}`),
  )
}

async function labelsOf(runner: MeasuredRunner, examples: readonly Example[]): Promise<string[] | null> {
  return (await labelsInFolder(runner.version)) ?? labelsAnswered(runner, examples)
}

async function labelsInFolder({ folder, manifest: { pipeline } }: LocalVersion): Promise<string[] | null> {
  if (!('labels' in pipeline) || pipeline.labels === undefined) return null
  const lines = (await readFile(join(folder, pipeline.labels), 'utf8')).split(/\r?\n/)
  return lines.map((line) => line.trim()).filter((line) => line !== '')
}

/** A version's own module may answer with classes that only its answers name. */
async function labelsAnswered(runner: MeasuredRunner, [first]: readonly Example[]): Promise<string[] | null> {
  if (!first || runner.version.manifest.pipeline.name !== 'module') return null
  const [answer] = await answersOf(runner, [await runInputOf(first)])
  return answer?.kind === 'classes' ? [...answer.probabilities.keys()] : null
}
