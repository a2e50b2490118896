import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type ProcessStat, proportionalBytesOf, readProcesses, residentBytesOf, treeOf } from './cpu.js'
import type { Figure, Findings } from './findings.js'
import type { RedisObserver } from './redis-commands.js'
import type { System } from './system.js'
import { withModels } from './with-models.js'

export interface IdleOptions {
  /** The repository. */
  root: string
  /** How long nothing is asked of the stack. */
  seconds: number
}

const settleMs = 15_000

/** What API, one worker, the runners of two versions and Redis cost while nobody asks anything of them. */
export async function measureIdle({ root, seconds }: IdleOptions): Promise<Findings> {
  const write = (modelsDir: string) =>
    cp(join(root, 'models/digits'), join(modelsDir, 'digits'), { recursive: true })
  return withModels({ root, write }, async (system, redis) => {
    await delay(settleMs)
    const before = await read(system, redis)
    const commandsBefore = await redis.readCommands()
    await delay(seconds * 1000)
    const after = await read(system, redis)
    const commandsAfter = await redis.readCommands()
    const calls = (use: typeof commandsBefore) =>
      Object.values(use).reduce((sum, each) => sum + each.calls, 0)
    const perSecond = (calls(commandsAfter) - calls(commandsBefore)) / seconds
    return findingsOf(before, after, { seconds, perSecond })
  })
}

type Part = 'api' | 'worker' | 'runners' | 'redis'
interface Usage {
  cpuSeconds: number
  /** Pages that several processes map are counted in each of them. */
  bytes: number
  /** Each page counted once. */
  ownBytes: number
}
type Reading = Record<Part, Usage>

async function read(system: System, redis: RedisObserver): Promise<Reading> {
  const all = readProcesses()
  const { pid } = await redis.identify()
  const pidOf = (name: 'api' | 'worker') => system.processes().find((each) => each.name === name)?.pid ?? 0
  const alone = (root: number) => usageOf(all.filter((each) => each.pid === root))
  const worker = pidOf('worker')
  return {
    api: usageOf(treeOf(pidOf('api'), all)),
    worker: alone(worker),
    runners: usageOf(treeOf(worker, all).filter((each) => each.pid !== worker)),
    redis: alone(pid),
  }
}

const usageOf = (processes: readonly ProcessStat[]): Usage => ({
  cpuSeconds: processes.reduce((sum, each) => sum + each.cpuSeconds, 0),
  // Each by itself: its children are in the list where they belong to it.
  bytes: processes.reduce((sum, each) => sum + residentBytesOf(each.pid, [each]), 0),
  ownBytes: processes.reduce((sum, each) => sum + proportionalBytesOf(each.pid), 0),
})

function findingsOf(
  before: Reading,
  after: Reading,
  { seconds, perSecond }: { seconds: number; perSecond: number },
): Findings {
  const parts = ['api', 'worker', 'runners', 'redis'] as const
  const share = (part: Part) => (100 * (after[part].cpuSeconds - before[part].cpuSeconds)) / seconds
  const resident = (part: Part) => after[part].bytes / 1e6
  const own = (part: Part) => after[part].ownBytes / 1e6
  const sum = (of: (part: Part) => number, some: readonly Part[]) =>
    some.reduce((all, part) => all + of(part), 0)
  const stack = ['api', 'worker', 'runners'] as const
  const figures: Figure[] = [
    { title: 'CPU, % of a core: all', places: 2, values: [sum(share, parts)], target: { atMost: 1 } },
    ...parts.map((part) => ({ title: `CPU, % of a core: ${part}`, places: 2, values: [share(part)] })),
    {
      title: 'memory of API, worker and runners, MB',
      places: 0,
      values: [sum(own, stack)],
      target: { atMost: 400 },
    },
    { title: 'with shared pages in each process, MB', places: 0, values: [sum(resident, stack)] },
    ...parts.map((part) => ({ title: `memory of ${part}, MB`, places: 0, values: [own(part)] })),
    { title: 'Redis commands /s', places: 1, values: [perSecond] },
  ]
  return { title: `an idle stack with one worker and two versions over ${seconds} s`, figures, isRight: true }
}
