import type { Batch } from '@augur/core/batches/batch'
import type { ChunkFiles } from '@augur/core/batches/chunk-files'
import { type ChunkLine, decodeLines, failureText } from '@augur/core/batches/chunk-lines'
import { endBatch } from '@augur/core/batches/end-batch'
import { unrun } from '@augur/core/batches/read-output'
import { type StopBatchContext, stopBatch } from '@augur/core/batches/stop-batch'
import { randomToken } from '@augur/core/ids'
import type { VersionId } from '@augur/core/models/version'
import type { ChunkJob } from '@augur/core/queue/jobs'
import type { JobOutcome } from '@augur/core/queue/job-consumer'
import type { Logger } from '@augur/core/telemetry/logger'
import { traceFields } from '@augur/core/telemetry/trace-fields'
import type { Tracing } from '@augur/core/telemetry/tracing'
import { type ItemOutcome, runInHalves } from '@augur/inference/run-in-halves'
import type { ItemResult, RunInput } from '@augur/inference/runner/protocol'
import type { RunOutcome } from '@augur/inference/runner/runner'
import { type ChunkTrace, traceChunk } from '../trace-chunks.js'
import { ChunkOutput } from './chunk-output.js'
import { type ResolveContext, resolveInputs } from './resolve-inputs.js'
import type { RunSize } from './run-size.js'

export interface ChunkContext extends StopBatchContext, ResolveContext {
  chunkFiles: ChunkFiles
  logger: Logger
  /** Null where nothing is traced. */
  tracing: Tracing | null
  /** The version that is run. */
  version: VersionId
  /** Properties of its inputs that may hold the URL of a file. */
  fileFields: readonly string[]
  /** Called with what a chunk came to. */
  onLines(counts: { completed: number; failed: number }): void
}

/** What a chunk is run with. */
export interface ChunkRunner {
  /** Waits for a runner. Rejects when none is to be had. */
  run(inputs: RunInput[]): Promise<RunOutcome>
  size: RunSize
  /** Whether its batch was stopped. */
  isStopped(): boolean
  /** Whether the worker has to hand it back. */
  isLeaving(): boolean
  /** Aborted once one of both is so. */
  signal: AbortSignal
}

interface Item {
  /** Position in the chunk. */
  index: number
  line: ChunkLine & { isValid: true }
}

/** Lines that were run, or need not be, with the outcomes of those that are valid at their positions. */
interface RunPart {
  lines: readonly ChunkLine[]
  outcomes: readonly (ItemOutcome<ItemResult> | undefined)[]
}

const reportEveryMs = 1000
/** Of the files that lines name, those which are in memory at a time have about as many. */
const mostFileBytes = 64 * 1024 * 1024

/** Takes a chunk through claim, runs and the write of its results; `returned` when the worker leaves before the end. */
export async function runChunk(
  context: ChunkContext,
  job: ChunkJob,
  runner: ChunkRunner,
): Promise<JobOutcome> {
  const token = randomToken()
  const claimedAt = context.now()
  const claim = await context.batches.claim(job, token, claimedAt, context.version)
  const batch = claim === 'claimed' || claim === 'stopped' ? await context.batches.read(job.batch) : null
  if (batch === null) return 'done'
  if (claim === 'stopped') {
    await endBatch(context, batch.id)
    return 'done'
  }
  const text = await context.chunkFiles.readInput(batch.folder, job.chunk)
  if (text === null) {
    await giveUp(context, batch, job)
    return 'done'
  }
  const output = new ChunkOutput(context.chunkFiles, { folder: batch.folder, chunk: job.chunk, token })
  const trace = traceChunk(context.tracing, batch, job.chunk, claimedAt)
  let outcome: JobOutcome | undefined
  try {
    const lines = decodeLines(text)
    outcome = await new ChunkRun(context, { job, token, batch, lines, output, runner, trace }).run()
    return outcome
  } catch (error) {
    await output.discard().catch(() => {})
    throw error
  } finally {
    const { completed, failed } = output
    trace?.end({ completed, failed, isDone: outcome === 'done' })
  }
}

async function giveUp(context: ChunkContext, batch: Batch, job: ChunkJob): Promise<void> {
  const { id, chunkSizes, traceparent } = batch
  const ids = { batch: id, chunk: job.chunk, ...traceFields(traceparent) }
  context.logger.error(ids, 'the lines of a chunk are gone')
  const lines = chunkSizes[job.chunk] ?? 0
  await context.batches.abandon(job, { epoch: job.epoch, lines }, 'storage', context.now())
  await endBatch(context, id)
}

interface ChunkRunOptions {
  job: ChunkJob
  token: string
  batch: Batch
  lines: readonly ChunkLine[]
  output: ChunkOutput
  runner: ChunkRunner
  trace: ChunkTrace | null
}

/** One attempt at a chunk that is claimed. */
class ChunkRun {
  private readonly firstLine: number
  private reportedAtMs = performance.now()

  constructor(
    private readonly context: ChunkContext,
    private readonly options: ChunkRunOptions,
  ) {
    const { batch, job } = options
    this.firstLine = 1 + batch.chunkSizes.slice(0, job.chunk).reduce((sum, size) => sum + size, 0)
  }

  async run(): Promise<JobOutcome> {
    const { lines, output, runner } = this.options
    let next = 0
    while (next < lines.length && !(await this.isStopped())) {
      if (runner.isLeaving()) {
        await output.discard()
        return 'returned'
      }
      const part = await this.runPart(lines.slice(next, next + runner.size.current), next)
      for (const [i, line] of part.lines.entries()) this.add(next + i, line, part.outcomes[i])
      next += part.lines.length
      await output.store(false)
      if (await this.isFenced()) return 'done'
    }
    if (next < lines.length) await this.leaveOut(next)
    return this.finish()
  }

  private async isStopped(): Promise<boolean> {
    const { batch, runner } = this.options
    if (runner.isStopped()) return true
    if (batch.expiresAt > this.context.now()) return false
    await stopBatch(this.context, batch, 'expired')
    return true
  }

  /** Runs the first of those lines: as many as their files let be in memory, and none where they cannot be had any more. */
  private async runPart(part: readonly ChunkLine[], from: number): Promise<RunPart> {
    const { job } = this.options
    const outcomes: (ItemOutcome<ItemResult> | undefined)[] = []
    const valid = part.flatMap((line, index): Item[] => (line.isValid ? [{ index, line }] : []))
    const { items, until = part.length } = await this.withFiles(valid, outcomes)
    await runInHalves<Item, ItemResult>(items, {
      run: (some) => this.runItems(some),
      charge: ({ index }) => this.context.batches.charge(job, from + index),
      settle: (settled) => {
        for (const { item, outcome } of settled) outcomes[item.index] = outcome
      },
    })
    return { lines: part.slice(0, until), outcomes }
  }

  /**
   * Those whose files could be had, and where the first stands that was not looked at. Before a runner is asked for,
   * since others may take long to answer.
   */
  private async withFiles(
    items: readonly Item[],
    outcomes: (ItemOutcome<ItemResult> | undefined)[],
  ): Promise<{ items: readonly Item[]; until?: number | undefined }> {
    const { fileFields } = this.context
    if (fileFields.length === 0 || items.length === 0) return { items }
    const { batch, runner } = this.options
    const { tenant } = batch
    const { signal } = runner
    const inputs = items.map(({ line: { input } }) => ({ tenant, form: 'pipeline' as const, input }))
    const limits = { signal, mostBytes: mostFileBytes }
    const resolved = await resolveInputs(this.context, fileFields, inputs, limits)
    if (signal.aborted) return { items: [], until: 0 }
    const found = items.slice(0, resolved.length).flatMap(({ index, line }, i): Item[] => {
      const outcome = resolved[i]
      if (outcome?.ok) return [{ index, line: { ...line, input: outcome.input } }]
      if (outcome?.code !== 'invalid_input') throw new Error('the file of an input could not be read')
      outcomes[index] = { kind: 'ran', result: { ok: false, code: outcome.code, message: outcome.message } }
      return []
    })
    return { items: found, until: items[resolved.length]?.index }
  }

  private async runItems(items: readonly Item[]): Promise<RunOutcome> {
    const { runner, trace } = this.options
    const outcome = await runner.run(items.map(({ line }) => ({ form: 'pipeline', json: line.input })))
    if (outcome.kind === 'ran') {
      const { preprocessMs, runMs, postprocessMs } = outcome.timings
      runner.size.note(items.length, preprocessMs + runMs + postprocessMs)
      trace?.ran(outcome.timings)
    }
    return outcome
  }

  private add(index: number, line: ChunkLine, outcome: ItemOutcome<ItemResult> | undefined): void {
    const { output } = this.options
    if (!line.isValid) output.addFailed(this.firstLine + index, line.customId, line.failure)
    else if (outcome) output.add(this.firstLine + index, line.customId, outcome)
  }

  /** Reports what is done, now and then. True when the chunk is somebody else's by now. */
  private async isFenced(): Promise<boolean> {
    if (performance.now() - this.reportedAtMs < reportEveryMs) return false
    this.reportedAtMs = performance.now()
    const { job, token, output } = this.options
    const { completed, failed } = output
    const progress = { completed, failed, stored: null }
    if ((await this.context.batches.write(job, token, progress, this.context.now())) !== 'fenced')
      return false
    await output.discard()
    return true
  }

  /** The lines from this one on are not run: their batch was stopped. */
  private async leaveOut(from: number): Promise<void> {
    const { batch, lines, output } = this.options
    const stopped = await this.context.batches.read(batch.id)
    const failure = failureText(unrun(stopped?.stop ?? 'canceled'))
    for (const [i, line] of lines.slice(from).entries()) {
      if (line.isValid) output.addUnrun(this.firstLine + from + i, line.customId, failure)
      else this.add(from + i, line, undefined)
    }
  }

  private async finish(): Promise<JobOutcome> {
    const { job, token, output } = this.options
    await output.store(true)
    const { completed, failed, parts } = output
    const progress = { completed, failed, stored: parts }
    const written = await this.context.batches.write(job, token, progress, this.context.now())
    if (written === 'fenced') await output.discard()
    else this.context.onLines({ completed, failed })
    if (written === 'last') await endBatch(this.context, job.batch)
    return 'done'
  }
}
