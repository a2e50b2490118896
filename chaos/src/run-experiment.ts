import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { versionNumber } from '@augur/core/version-number'
import { type Criterion, type Experiment, isMet, type Profile } from './experiment.js'
import { type Breaches, check } from './history/check.js'
import { History } from './history/history.js'
import { noteLeftovers } from './rig/leftovers.js'
import { Rig } from './rig/rig.js'
import { settle } from './rig/settle.js'
import { SeededRandom } from './seeded-random.js'

export interface Verdict {
  experiment: string
  title: string
  seed: number
  profile: Profile
  pass: boolean
  counts: Record<string, number>
  criteria: (Criterion & { met: boolean })[]
  /** By invariant that did not hold, what was wrong (the first few), and how often. */
  breaches: Record<string, { count: number; examples: string[] }>
  /** Why it could not be carried out. */
  error?: string
  versions: { augur: string; node: string; redis: string }
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

/** Carries one experiment out on a rig of its own and judges what happened. Never rejects. */
export async function runExperiment(experiment: Experiment, options: RunOptions): Promise<Verdict> {
  const startedAt = performance.now()
  const { seed, profile, root } = options
  const setting = {
    profile,
    random: new SeededRandom(seed),
    count: options.count ?? experiment.counts[profile],
  }
  const folder = await mkdtemp(join(tmpdir(), `augur-chaos-${experiment.id}-`))
  const judged: Judged = { counts: {}, criteria: [], breaches: {}, redis: '' }
  let rig: Rig | undefined
  try {
    rig = await Rig.start({ ...experiment.rig(setting), root, folder })
    judged.redis = await redisVersion(rig.redisUrl)
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
  const verdict = verdictOf(experiment, options, judged, {
    folder,
    seconds: (performance.now() - startedAt) / 1000,
  })
  await rig?.stop(verdict.pass && options.keep !== true)
  return verdict
}

interface Judged {
  counts: Record<string, number>
  criteria: Criterion[]
  breaches: Breaches
  redis: string
  error?: string
}

function verdictOf(
  { id, title }: Experiment,
  { seed, profile }: RunOptions,
  { counts, criteria, breaches, redis, error }: Judged,
  { folder, seconds }: { folder: string; seconds: number },
): Verdict {
  const judged = criteria.map((criterion) => ({ ...criterion, met: isMet(criterion) }))
  const shown = Object.entries(breaches).map(
    ([name, faults]) => [name, { count: faults.length, examples: faults.slice(0, 5) }] as const,
  )
  return {
    experiment: id,
    title,
    seed,
    profile,
    pass: error === undefined && shown.length === 0 && judged.every(({ met }) => met),
    counts,
    criteria: judged,
    breaches: Object.fromEntries(shown),
    ...(error !== undefined && { error }),
    versions: { augur: versionNumber, node: process.versions.node, redis },
    seconds: Math.round(seconds * 10) / 10,
    folder,
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

async function redisVersion(url: string): Promise<string> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null })
  redis.on('error', () => undefined)
  try {
    return /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? ''
  } catch {
    return ''
  } finally {
    redis.disconnect()
  }
}
