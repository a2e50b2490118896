import { setTimeout as sleep } from 'node:timers/promises'
import { ServiceError } from '@augur/core/errors'
import type { Catalogue } from '@augur/core/models/catalogue'
import type { DesiredChange } from '@augur/core/models/desired-models'
import type { Context } from 'hono'
import type { ApiEnv } from '../api-app.js'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'
import { recordAudit } from '../record-audit.js'
import { describeProblem } from './repository-index.js'

const lookEveryMs = 200
/** Until then, what workers say of a model may be what they said before they were asked. */
const settleMs = 3000
const usableName = /^[\w.-]+\/[\w.-]+$/

const notFound = () => new ServiceError('not_found', 'There is no such model.')

/**
 * Loads or unloads a model on all workers, and returns once the first serves it, or none does any more.
 * @throws ServiceError `not_found`, `no_worker` when it cannot be loaded, `timeout` when that takes too long
 */
export async function changeModel(
  context: ApiContext,
  c: Context<ApiEnv>,
  { kind, model }: DesiredChange,
): Promise<void> {
  if (!usableName.test(model)) throw notFound()
  if (kind === 'unload' && !currentCatalogue(context).models().includes(model)) throw notFound()
  // First: they lie in different slots, and no change may go without its line.
  await recordAudit(context, c, { action: `model.${kind}`, target: model })
  await context.desiredModels[kind](model)
  const isDone = kind === 'load' ? isLoaded : isUnloaded
  const startedAt = performance.now()
  const endsAt = startedAt + context.settings.AUGUR_MAX_WAIT_SECONDS * 1000
  await context.waiting.hold(c.get('caller').tenant, c.req.raw.signal, async (signal) => {
    while (!signal.aborted && performance.now() < endsAt) {
      await context.catalogue.refresh()
      const hasSettled = performance.now() - startedAt >= settleMs
      if (isDone(currentCatalogue(context), model, hasSettled)) return
      await sleep(lookEveryMs)
    }
    throw new ServiceError('timeout', `The ${kind} was asked for, and is still under way.`)
  })
}

function isUnloaded(catalogue: Catalogue, model: string): boolean {
  return !catalogue.versionsOf(model).some(({ id }) => catalogue.isServed(id))
}

/** @throws ServiceError once it is plain that nobody will serve it */
function isLoaded(catalogue: Catalogue, model: string, hasSettled: boolean): boolean {
  const stable = catalogue.stable(model)
  if (stable !== undefined && catalogue.isServed(stable.id)) return true
  if (!hasSettled || isLoading(catalogue, model)) return false
  if (!catalogue.models().includes(model)) throw notFound()
  const [problem] = catalogue.problemsOf(model)
  if (problem === undefined && catalogue.workers.length > 0) return false
  const reason =
    problem === undefined
      ? 'No worker is there to load it.'
      : `It failed to load: ${describeProblem(problem)}`
  throw new ServiceError('no_worker', reason)
}

function isLoading(catalogue: Catalogue, model: string): boolean {
  const versions = catalogue.workers.flatMap((worker) => worker.versions)
  return versions.some((version) => version.model === model && version.state === 'loading')
}
