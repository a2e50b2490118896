import type { Catalogue, ModelProblem } from '@augur/core/models/catalogue'
import type { VersionState } from '@augur/core/models/presence'
import type { repositoryStates, RepositoryIndex } from './schemas.js'

type Entry = RepositoryIndex[number]

const stateNames: Record<VersionState | 'unserved', (typeof repositoryStates)[number]> = {
  ready: 'READY',
  loading: 'LOADING',
  draining: 'UNLOADING',
  load_failed: 'UNAVAILABLE',
  crash_looping: 'UNAVAILABLE',
  stopped: 'UNAVAILABLE',
  unserved: 'UNAVAILABLE',
}

/** What is served, what could be, and what is wrong with the rest: one entry for each label of each model. */
export function presentIndex(catalogue: Catalogue): RepositoryIndex {
  const entries = new Map<string, Entry>()
  const add = (entry: Entry) => {
    const key = `${entry.name}:${entry.version}`
    // While a label goes from old files to new ones both are there: what serves is what counts.
    if (entries.get(key)?.state !== 'READY') entries.set(key, entry)
  }
  for (const model of catalogue.models()) for (const entry of entriesOf(catalogue, model)) add(entry)
  return [...entries.values()].toSorted(
    (a, b) => a.name.localeCompare(b.name) || a.version.localeCompare(b.version),
  )
}

function entriesOf(catalogue: Catalogue, model: string): Entry[] {
  const problems = catalogue.problemsOf(model)
  const broken = problems.map((problem) => ({
    name: model,
    version: problem.label,
    state: 'UNAVAILABLE' as const,
    reason: describeProblem(problem),
  }))
  const known = catalogue.versionsOf(model).map(({ id, label }) => {
    const state = catalogue.stateOf(id)
    const problem = problems.find((each) => each.id === id)
    const reason = problem === undefined ? state : describeProblem(problem)
    return { name: model, version: label, state: stateNames[state], reason: state === 'ready' ? '' : reason }
  })
  return [...broken, ...known]
}

/** The reason as a sentence of its own. */
export function describeProblem({ file, field, reason }: ModelProblem): string {
  return [file, field, reason].filter((part) => part !== undefined).join(' ')
}
