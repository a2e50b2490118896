import type { Experiment } from './experiment.js'

/**
 * Runs experiments, so many at a time, and gives what came of each in their order. Those that judge times of milliseconds
 * run after the others, one by one.
 */
export async function runExperiments<T>(
  experiments: readonly Experiment[],
  atATime: number,
  run: (experiment: Experiment) => Promise<T>,
): Promise<T[]> {
  const results = new Map<Experiment, T>()
  const lane = async (waiting: Experiment[]) => {
    for (let next = waiting.shift(); next; next = waiting.shift()) results.set(next, await run(next))
  }
  const beside = experiments.filter(({ isAlone }) => !isAlone)
  await Promise.all(Array.from({ length: atATime }, () => lane(beside)))
  await lane(experiments.filter(({ isAlone }) => isAlone))
  return experiments.flatMap((experiment) => results.get(experiment) ?? [])
}
