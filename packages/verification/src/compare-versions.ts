import type { RunInput } from '@augur/inference/runner/protocol'
import type { Example } from './dataset/example.js'
import type { MeasuredRunner } from './measured-runner.js'
import { type Answer, readAnswer } from '@augur/core/answers/answer'
import { Comparison, type CompareOptions, type Quality } from './quality/compare.js'

export interface Runners {
  baseline: MeasuredRunner
  candidate: MeasuredRunner
}

export interface ComparisonOptions extends CompareOptions {
  /** Inputs of a micro-batch. */
  microBatchSize: number
  onProgress(done: number): void
}

/** Runs every example through both versions, micro-batch by micro-batch in turns, and compares what they answer. */
export async function compareVersions(
  { baseline, candidate }: Runners,
  examples: readonly Example[],
  options: ComparisonOptions,
): Promise<Quality> {
  const comparison = new Comparison(options)
  for (let start = 0; start < examples.length; start += options.microBatchSize) {
    const part = examples.slice(start, start + options.microBatchSize)
    const inputs = await Promise.all(part.map(runInputOf))
    const [before, now] = [await answersOf(baseline, inputs), await answersOf(candidate, inputs)]
    for (const [index, { label }] of part.entries()) {
      comparison.add(label, before[index] ?? null, now[index] ?? null)
    }
    options.onProgress(start + part.length)
  }
  return comparison.result()
}

export async function runInputOf({ input }: Example): Promise<RunInput> {
  return { form: 'pipeline', json: JSON.stringify(await input()) }
}

export async function answersOf(runner: MeasuredRunner, inputs: RunInput[]): Promise<(Answer | null)[]> {
  const { outputs } = await runner.run(inputs)
  return outputs.map((output) => (output === null ? null : readAnswer(JSON.parse(output))))
}
