import { appendFile, readFile } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { errnoOf } from '@augur/core/errno'
import type { Conditions, Verdict } from './run-experiment.js'

/** Verdicts that stand in a file of JSON Lines, oldest first; none where there is no file. A line that was cut says nothing. */
export async function readResults(path: string): Promise<Verdict[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return ''
    throw error
  })
  return text.split('\n').flatMap(parsed)
}

export async function addResult(path: string, verdict: Verdict): Promise<void> {
  await appendFile(path, `${JSON.stringify(verdict)}\n`)
}

/** The newest verdict that an experiment passed under these conditions. */
export function findPassed(verdicts: readonly Verdict[], conditions: Conditions): Verdict | undefined {
  return verdicts.findLast(({ pass, experiment, seed, profile, count, versions }) =>
    isDeepStrictEqual(pass && { experiment, seed, profile, count, versions }, conditions),
  )
}

function parsed(line: string): Verdict[] {
  try {
    const verdict: Verdict = JSON.parse(line)
    return [verdict]
  } catch {
    return []
  }
}
