import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Criterion, type Experiment, isMet, type Profile } from './experiment.js'
import { type Breaches, check } from './history/check.js'
import { History } from './history/history.js'
import { noteLeftovers } from './rig/leftovers.js'
import { Rig } from './rig/rig.js'
import { settle } from './rig/settle.js'
import { SeededRandom } from './seeded-random.js'
import { readVersions, type Versions } from './versions.js'

export interface Verdict {
  experiment: string
  title: string
  seed: number
  profile: Profile
  /** How many of whatever it repeats. */
  count: number
  pass: boolean
  counts: Record<string, number>
  criteria: (Criterion & { met: boolean })[]
  /** By invariant that did not hold, what was wrong (the first few), and how often. */
  breaches: Record<string, { count: number; examples: string[] }>
  /** Why it could not be carried out. */
  error?: string
  versions: Versions
  seconds: number
  /** Where ledger and logs are; gone when it passed. */
  folder: string
}

export interface RunOptions {
  root: string
  seed: number
  profile: Profile
  count?: number | undefined
  keep?: boolean
}

/** What has to be the same for a verdict to say the same. */
export type Conditions = Pick<Verdict, 'experiment' | 'seed' | 'profile' | 'count' | 'versions'>

export async function conditionsOf(
  { id, counts }: Experiment,
  { seed, profile, count = counts[profile] }: Pick<RunOptions, 'seed' | 'profile' | 'count'>,
): Promise<Conditions> {
  return { experiment: id, seed, profile, count, versions: await readVersions() }
}

/** Carries one experiment out on a rig of its own and judges what happened. Never rejects. */
export async function runExperiment(experiment: Experiment, options: RunOptions): Promise<Verdict> {
  const startedAt = performance.now()
  const conditions = await conditionsOf(experiment, options)
  const { seed, profile, count } = conditions
  const setting = { profile, count, random: new SeededRandom(seed) }
  const folder = await mkdtemp(join(tmpdir(), `augur-chaos-${experiment.id}-`))
  const judged: Judged = { counts: {}, criteria: [], breaches: {} }
  let rig: Rig | undefined
  try {
    rig = await Rig.start({ ...experiment.rig(setting), root: options.root, folder })
    const measured = (await experiment.run(rig, setting)) ?? []
    const isPatient = profile === 'full'
    await settle(rig, experiment.settleWithinMs ?? 60_000, { isPatient })
    await noteLeftovers(rig)
    const history = new History(rig.ledger.events)
    judged.criteria = [...measured, ...(experiment.criteria?.(history, setting) ?? [])]
    judged.breaches = check(rig.ledger.events)
    judged.counts = countsOf(history)
  } catch (error) {
    judged.error = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10
  const verdict = { ...conditions, title: experiment.title, ...verdictOf(judged), seconds, folder }
  await rig?.stop(verdict.pass && options.keep !== true)
  return verdict
}

interface Judged {
  counts: Record<string, number>
  criteria: Criterion[]
  breaches: Breaches
  error?: string
}

function verdictOf({ counts, criteria, breaches, error }: Judged) {
  const judged = criteria.map((criterion) => ({ ...criterion, met: isMet(criterion) }))
  const shown = Object.entries(breaches).map(
    ([name, faults]) => [name, { count: faults.length, examples: faults.slice(0, 5) }] as const,
  )
  return {
    pass: error === undefined && shown.length === 0 && judged.every(({ met }) => met),
    counts,
    criteria: judged,
    breaches: Object.fromEntries(shown),
    ...(error !== undefined && { error }),
  }
}

function countsOf(history: History): Record<string, number> {
  const answers = history.of('response')
  return {
    accepted: history.accepted.size,
    succeeded: history.ended('succeeded'),
    failed: history.ended('failed'),
    canceled: history.ended('canceled'),
    ambiguous: answers.filter(({ status }) => status === 0 || status >= 500).length,
    webhooks: history.of('webhook').length,
    runs: history.of('run').filter(({ phase }) => phase === 'begin').length,
    faults: history.of('fault').length,
    exits: history.of('exit').length,
    reads: history.of('read').length,
  }
}
