import type { History } from './history/history.js'

/**
 * For each run that a fault cut short: how long it took until the same input was run elsewhere, in milliseconds. Infinity
 * where it never was.
 */
export function recoveryTimes(history: History): number[] {
  const runs = history.of('run').toSorted((a, b) => a.at - b.at)
  return history.of('fault').flatMap(({ at, pids }) => {
    const died = new Set(pids)
    const begun = runs.filter(({ pid, phase, at: then }) => died.has(pid) && phase === 'begin' && then <= at)
    const cut = begun.filter(
      ({ request, pid, at: then }) =>
        !runs.some(
          (run) => run.request === request && run.phase === 'end' && run.pid === pid && run.at >= then,
        ),
    )
    return cut.map(({ request }) => {
      const again = runs.find((run) => run.request === request && run.phase === 'begin' && run.at > at)
      return again ? again.at - at : Infinity
    })
  })
}
