import type { Experiment } from '../experiment.js'
import { submitMany } from '../load.js'

const maxSize = 4
const deaths = ['kill', 'abort', 'exhaust'] as const
/** Every so many inputs, the runner dies of one. */
const every = 30
/** Once with its neighbours, once in each smaller half, and three times alone. */
const mostRuns = 3 + Math.log2(maxSize)

export const poison: Experiment = {
  id: 'W5',
  title: 'Inputs kill, abort or exhaust the runner that they are run in',
  counts: { short: 60, quick: 240, full: 1500 },
  rig: () => ({ serving: { maxSize }, workerEnv: { AUGUR_RUNNER_HEAP_MB: '96' } }),
  async run(rig, { count }) {
    const isPoison = (i: number) => i % every === every - 1
    for (let i = 0; i < count; i++)
      // Its neighbours in the micro-batch and in the one ahead are run again with it.
      if (isPoison(i)) rig.noteFault('poison', `submission ${i}`, [], mostRuns * 2 * maxSize)
    await submitMany(rig, count, (i) => {
      const die = deaths[Math.floor(i / every) % deaths.length]
      return isPoison(i) && die ? { die } : { sleepMs: 30 }
    })
  },
  criteria: (history) => {
    const ended = [...history.accepted].map(([id, { input }]) => ({ input, end: history.endOf(id) }))
    const poisoned = ended.filter(({ input }) => input.die !== undefined)
    const blamed = poisoned.filter(({ end }) =>
      ['runner_crashed', 'resource_limit'].includes(end?.errorCode ?? ''),
    )
    const innocent = ended.filter(({ input, end }) => input.die === undefined && end?.status !== 'succeeded')
    const runsOf = (request: number) =>
      history.of('run').filter((run) => run.request === request && run.phase === 'begin').length
    return [
      { name: 'poison that failed with its reason', value: blamed.length, atLeast: poisoned.length },
      { name: 'innocents that did not succeed', value: innocent.length, atMost: 0 },
      {
        name: 'runs of one poison',
        value: Math.max(...poisoned.map(({ input }) => runsOf(input.request))),
        atMost: mostRuns,
      },
    ]
  },
}
