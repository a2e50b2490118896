import type { VersionId } from '@augur/core/models/version'
import { OutOfMemoryError } from './item-failure.js'
import { loadVersion } from './load-version.js'
import type { RunInput, RunnerNotice, RunnerReply, RunnerRequest, StagedInputs } from './protocol.js'
import { type Model, runMicroBatch } from './run-micro-batch.js'

const models = new Map<VersionId, Model>()
// The channel is the runner's: a version's own module, loaded later, does not find it where it would look.
const sendToParent = process.send?.bind(process)
delete process.send
let failedRuns = 0
let staged: RunInput[] = []
let last: Promise<void> = Promise.resolve()

// A terminal sends Ctrl-C to the whole group; the parent decides what it means. SIGTERM has no handler on purpose:
// with one, it would not end a run.
process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit(0))
process.on('message', (request: RunnerRequest | StagedInputs) => {
  last = last.then(() => handle(request))
})

async function handle(request: RunnerRequest | StagedInputs): Promise<void> {
  if (request.kind === 'stage') staged = request.inputs
  else send(await answer(request))
}

async function answer(request: RunnerRequest): Promise<RunnerReply> {
  const { versionId } = request
  if (request.kind === 'load') return load(request)
  if (request.kind === 'run') return run(request)
  await models.get(versionId)?.session.release()
  models.delete(versionId)
  return { kind: 'released', versionId }
}

async function load({
  versionId,
  folder,
  manifest,
  settings,
}: Extract<RunnerRequest, { kind: 'load' }>): Promise<RunnerReply> {
  const loaded = await loadVersion(folder, manifest, settings)
  if (!loaded.ok) return { kind: 'loadFailed', versionId, code: loaded.code, reason: loaded.reason }
  models.set(versionId, loaded.model)
  return { kind: 'loaded', versionId, served: loaded.model.session.served }
}

async function run({
  run: id,
  versionId,
  inputs: given,
}: Extract<RunnerRequest, { kind: 'run' }>): Promise<RunnerReply> {
  const model = models.get(versionId)
  if (!model) throw new Error('a run of a version that is not loaded')
  const inputs = given ?? staged
  staged = []
  const failedBefore = model.session.failedRuns
  try {
    return { kind: 'ran', run: id, ...(await runMicroBatch(model, inputs)) }
  } catch (error) {
    if (error instanceof OutOfMemoryError) return { kind: 'resourceLimit', run: id }
    throw error
  } finally {
    noteFailedRuns(model.session.failedRuns - failedBefore)
  }
}

function noteFailedRuns(more: number): void {
  if (more === 0) return
  failedRuns += more
  send({ kind: 'failedRuns', count: failedRuns })
}

function send(message: RunnerReply | RunnerNotice): void {
  sendToParent?.(message)
}
