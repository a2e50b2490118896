import type { ChildProcess } from 'node:child_process'
import { resolve as absolutePath } from 'node:path'
import type { ExecutionProvider } from '@augur/core/models/manifest'
import type { LocalVersion, VersionId } from '@augur/core/models/version'
import type { Logger } from '@augur/core/telemetry/logger'
import { defaultThreads } from './default-threads.js'
import { type ForkOptions, forkChild } from './fork-child.js'
import { isNotice, isReplyTo } from './is-reply.js'
import { LoadError } from './load-error.js'
import { OutputTail } from './output-tail.js'
import type {
  ItemResult,
  RunInput,
  RunnerReply,
  RunnerRequest,
  RunTimings,
  Served,
  StagedInputs,
} from './protocol.js'
import { Turns } from './turns.js'
import { MemoryWatch } from './watch-memory.js'

export interface RunnerOptions extends ForkOptions {
  logger?: Logger
  /** A load that takes longer is killed. */
  loadTimeoutMs?: number
  /** Memory that the process may hold for each of its versions, native memory included. Watched on Linux only. */
  memoryLimitBytes?: number
  /** Most that it may hold for all of them together. */
  memoryCeilingBytes?: number
  /** Execution providers of versions that name none, in the order in which they are tried. */
  providers?: readonly ExecutionProvider[]
  /** Pixels that an image among the inputs may have. */
  maxImagePixels?: number
  /** Runs refused by ONNX Runtime after which the runner should be replaced: each leaks about 1.3 KB. */
  maxFailedRuns?: number
}

export type RunOutcome =
  | { kind: 'ran'; results: ItemResult[]; timings: RunTimings }
  | { kind: 'crashed'; signal: NodeJS.Signals | null; code: number | null }
  | { kind: 'timeout' }
  | { kind: 'resource_limit' }

/** The runner ended before the turn of this request came. Nothing of it was done, and it is not to blame. */
export interface NotStarted {
  kind: 'not_started'
}

export interface ExitReason {
  signal: NodeJS.Signals | null
  code: number | null
  outOfMemory: boolean
}

type Ending = { kind: 'replied'; reply: RunnerReply } | Exclude<RunOutcome, { kind: 'ran' }> | NotStarted

interface Pending {
  request: RunnerRequest
  limitMs: number
  isSent: boolean
  settle: (ending: Ending) => void
}

const mib = 1024 ** 2
const stopGraceMs = 2_000
const releaseTimeoutMs = 10_000
/** A version's memory comes back with its process only, so a runner that many versions left is replaced. */
const maxReleases = 8

/** Starts a child process that loads versions and runs their pipelines. It may die at any time; `exited` tells. */
export function startRunner(options: RunnerOptions = {}): Runner {
  const { maxOldSpaceMb = Number.POSITIVE_INFINITY, memoryLimitBytes = Number.POSITIVE_INFINITY } = options
  // A heap that may fill all of the memory would not be tidied up before the process is ended for it.
  const heapMb = Math.min(maxOldSpaceMb, Math.floor((memoryLimitBytes * 0.75) / mib))
  const limited = heapMb < Number.POSITIVE_INFINITY ? { ...options, maxOldSpaceMb: heapMb } : options
  return new Runner(forkChild(limited), options)
}

/**
 * The parent's handle on a runner. Requests are sent one by one, so that a death is charged to the one under way and
 * to no other. Inputs and outputs pass through as JSON texts: the parent never parses them.
 */
export class Runner {
  readonly exited: Promise<ExitReason>
  /** Resolves when the runner should be replaced although it lives. */
  readonly worn: Promise<void>
  /** For those who share the runner: a turn is a lease, however many runs it makes. */
  readonly turns = new Turns()
  private readonly loaded = new Set<VersionId>()
  /** The first one is with the child; its clock is the only one that ticks. */
  private readonly queue: Pending[] = []
  private readonly stderr: OutputTail
  private readonly memoryWatch: MemoryWatch | undefined
  private wearOut: () => void = () => undefined
  private clock: NodeJS.Timeout | undefined
  private killedFor: 'timeout' | 'memory' | 'other' | undefined
  private lastRun = 0
  private staged: RunInput[] | undefined
  private releases = 0
  private answered = false
  private wornOut = false
  private hasEnded = false

  constructor(
    private readonly child: ChildProcess,
    private readonly options: RunnerOptions,
  ) {
    this.stderr = new OutputTail(child, options.logger)
    this.worn = new Promise((resolve) => {
      this.wearOut = resolve
    })
    this.exited = this.watchExit()
    this.memoryWatch = this.watchMemory()
    child.on('message', (message: unknown) => this.receive(message))
  }

  get pid(): number | undefined {
    return this.child.pid
  }

  /** Whether it has answered a run: what ends it after that was hardly its start. */
  get hasAnswered(): boolean {
    return this.answered
  }

  /** Whether it was ever given a run. */
  get hasRun(): boolean {
    return this.lastRun > 0
  }

  get isAlive(): boolean {
    return this.child.connected && this.killedFor === undefined && !this.hasEnded
  }

  get isWorn(): boolean {
    return this.wornOut
  }

  /** Versions that are loaded, and those that load or wait for it. */
  get versions(): number {
    return this.loaded.size + this.queue.filter(({ request }) => request.kind === 'load').length
  }

  /** Whether nothing is loaded, running or waiting. */
  get isEmpty(): boolean {
    return this.loaded.size === 0 && this.queue.length === 0
  }

  /** Opens a version's session and pipeline and runs its example. Rejects with `LoadError`. */
  async load({ id, folder, manifest }: LocalVersion): Promise<Served> {
    const { providers = ['cpu'], loadTimeoutMs = 60_000, maxImagePixels } = this.options
    const { serving } = manifest
    const settings = {
      providers: serving.providers ?? providers,
      threads: serving.threads ?? defaultThreads(serving.instances),
      ...(maxImagePixels !== undefined && { maxImagePixels }),
    }
    const ending = await this.ask(
      { kind: 'load', versionId: id, folder: absolutePath(folder), manifest, settings },
      loadTimeoutMs,
    )
    if (ending.kind !== 'replied') throw toLoadError(ending)
    if (ending.reply.kind === 'loadFailed') throw new LoadError(ending.reply.code, ending.reply.reason)
    if (ending.reply.kind !== 'loaded') throw unexpected(ending.reply)
    this.options.logger?.info(
      { pid: this.pid, version: id, ...ending.reply.served },
      'version loaded in a runner',
    )
    return ending.reply.served
  }

  /** Sends what `run` is expected to be given next, so that the child need not wait for it then. */
  stage(inputs: RunInput[]): void {
    if (!this.isAlive) return
    this.staged = inputs
    this.child.send({ kind: 'stage', inputs } satisfies StagedInputs, () => undefined)
  }

  /** Runs inputs of a loaded version as one micro-batch. Kills the child after `timeoutMs`. */
  async run(
    versionId: VersionId,
    inputs: RunInput[],
    { timeoutMs }: { timeoutMs: number },
  ): Promise<RunOutcome | NotStarted> {
    const given = this.staged === inputs ? null : inputs
    this.staged = undefined
    const ending = await this.ask(
      { kind: 'run', run: ++this.lastRun, versionId, size: inputs.length, inputs: given },
      timeoutMs,
    )
    if (ending.kind !== 'replied') return ending
    const { reply } = ending
    if (reply.kind === 'resourceLimit') return { kind: 'resource_limit' }
    if (reply.kind !== 'ran') throw unexpected(reply)
    this.answered = true
    return { kind: 'ran', results: reply.results, timings: reply.timings }
  }

  /** Frees a version's session, after its runs. Resolves as well when the child dies over it. */
  async release(versionId: VersionId): Promise<void> {
    await this.ask({ kind: 'release', versionId }, releaseTimeoutMs)
    this.loaded.delete(versionId)
    if (++this.releases >= maxReleases) this.wear()
  }

  /** Ends what a version runs or waits for: with the whole process if it has begun. */
  endRun(versionId: VersionId): void {
    for (const pending of this.queue.filter(({ request }) => isRunOf(request, versionId))) {
      if (pending.isSent) return this.kill()
      this.queue.splice(this.queue.indexOf(pending), 1)
      pending.settle({ kind: 'crashed', signal: 'SIGKILL', code: null })
    }
  }

  /** Ends an idle child gently, within two seconds; one in a run at once, since its answer would find nobody. */
  async stop(): Promise<void> {
    if (this.queue.some(({ request }) => request.kind === 'run')) this.kill()
    else if (this.child.connected) this.child.disconnect()
    const deadline = setTimeout(() => this.kill(), stopGraceMs)
    await this.exited
    clearTimeout(deadline)
  }

  kill(): void {
    this.end('other')
  }

  private end(why: NonNullable<Runner['killedFor']>): void {
    this.killedFor ??= why
    this.child.kill('SIGKILL')
  }

  private ask(request: RunnerRequest, limitMs: number): Promise<Ending> {
    return new Promise((settle) => {
      if (!this.isAlive) return settle({ kind: 'not_started' })
      this.queue.push({ request, limitMs, isSent: false, settle })
      this.memoryWatch?.wake()
      if (this.queue.length === 1) this.sendFirst()
    })
  }

  private sendFirst(): void {
    const [first] = this.queue
    // A dying child settles what is left with its exit.
    if (!first || !this.isAlive) return
    first.isSent = true
    this.clock = setTimeout(() => this.end('timeout'), first.limitMs)
    this.child.send(first.request, () => undefined)
  }

  private receive(message: unknown): void {
    if (isNotice(message)) {
      if (message.count >= (this.options.maxFailedRuns ?? 10_000)) this.wear()
      return
    }
    const [first] = this.queue
    // Ignored rather than answered with a kill, which would be charged to whoever's run is under way by then. A
    // request that never gets its own reply still ends with its clock.
    if (!first?.isSent || !isReplyTo(first.request, message)) return
    clearTimeout(this.clock)
    this.queue.shift()
    // At once, so that a version that loaded is counted without a gap.
    if (message.kind === 'loaded') this.loaded.add(message.versionId)
    first.settle({ kind: 'replied', reply: message })
    this.sendFirst()
  }

  private wear(): void {
    this.wornOut = true
    this.wearOut()
  }

  private watchMemory(): MemoryWatch | undefined {
    const { memoryLimitBytes, memoryCeilingBytes = Number.POSITIVE_INFINITY, logger } = this.options
    const { pid } = this
    if (memoryLimitBytes === undefined || pid === undefined) return undefined
    return new MemoryWatch({
      pid,
      isBusy: () => this.queue.length > 0,
      limitBytes: () => Math.min(memoryLimitBytes * Math.max(1, this.versions), memoryCeilingBytes),
      onExceeded: (bytes, limitBytes) => {
        logger?.warn({ pid, bytes, limitBytes }, 'runner is over its memory limit')
        this.end('memory')
      },
    })
  }

  private async watchExit(): Promise<ExitReason> {
    const { code, signal } = await exitOf(this.child)
    this.hasEnded = true
    this.memoryWatch?.end()
    clearTimeout(this.clock)
    await this.stderr.ended()
    const outOfMemory = this.stderr.saysOutOfMemory || this.killedFor === 'memory'
    const reason = { code, signal, outOfMemory }
    for (const { isSent, settle } of this.queue.splice(0))
      settle(isSent ? this.endingOf(reason) : { kind: 'not_started' })
    return reason
  }

  private endingOf({ code, signal, outOfMemory }: ExitReason): Ending {
    if (this.killedFor === 'timeout') return { kind: 'timeout' }
    return outOfMemory ? { kind: 'resource_limit' } : { kind: 'crashed', code, signal }
  }
}

function isRunOf(request: RunnerRequest, versionId: VersionId): boolean {
  return request.kind === 'run' && request.versionId === versionId
}

function toLoadError(ending: Exclude<Ending, { kind: 'replied' }>): LoadError {
  if (ending.kind === 'timeout') return new LoadError('timeout', 'loading took too long')
  if (ending.kind === 'resource_limit')
    return new LoadError('resource_limit', 'loading needs more memory than a runner may have')
  if (ending.kind === 'not_started')
    return new LoadError('interrupted', 'the runner ended before it could load')
  return new LoadError('crashed', `the runner died while it loaded (${ending.signal ?? ending.code})`)
}

function unexpected({ kind }: RunnerReply): Error {
  return new Error(`a runner answered with ${kind}`)
}

/** Also resolves, with neither code nor signal, when the process could not be started at all. */
function exitOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.on('error', () => {
      if (child.pid === undefined) resolve({ code: null, signal: null })
    })
  })
}
