import type { ChildProcess } from 'node:child_process'
import { resolve as absolutePath } from 'node:path'
import type { LocalVersion, VersionId } from '@augur/core/models/version'
import type { Logger } from '@augur/core/telemetry/logger'
import { forkChild } from './fork-child.js'
import { LoadError } from './load-error.js'
import { OutputTail } from './output-tail.js'
import type { ItemResult, RunnerReply, RunnerRequest, RunTimings } from './protocol.js'

export interface RunnerOptions {
  logger?: Logger
  /** Limit of the JavaScript heap, in MiB; tensors and native memory are outside it. */
  maxOldSpaceMb?: number
  /** A load that takes longer is killed. */
  loadTimeoutMs?: number
}

export type RunOutcome =
  | { kind: 'ran'; results: ItemResult[]; timings: RunTimings }
  | { kind: 'crashed'; signal: NodeJS.Signals | null; code: number | null }
  | { kind: 'timeout' }
  | { kind: 'resource_limit' }

export interface ExitReason {
  signal: NodeJS.Signals | null
  code: number | null
  outOfMemory: boolean
}

interface PendingLoad {
  resolve: () => void
  reject: (error: LoadError) => void
  timer: NodeJS.Timeout
}

interface PendingRun {
  run: number
  timeoutMs: number
  resolve: (outcome: RunOutcome) => void
}

const stopGraceMs = 2_000

/** Starts a child process that loads versions and runs their pipelines. It may die at any time; `exited` tells. */
export function startRunner(options: RunnerOptions = {}): Runner {
  return new Runner(forkChild(options.maxOldSpaceMb), options)
}

/** The parent's handle on a runner. Inputs and outputs pass through as JSON texts: the parent never parses them. */
export class Runner {
  readonly exited: Promise<ExitReason>
  private readonly loads = new Map<VersionId, PendingLoad>()
  /** The first one runs in the child; its clock is the only one that ticks. */
  private readonly runs: PendingRun[] = []
  private readonly releases = new Map<VersionId, () => void>()
  private readonly stderr: OutputTail
  private clock: NodeJS.Timeout | undefined
  private timedOutRun: number | undefined
  private dying = false
  private ended: ExitReason | undefined
  private lastRun = 0
  private answered = false

  constructor(
    private readonly child: ChildProcess,
    private readonly options: RunnerOptions,
  ) {
    this.stderr = new OutputTail(child, options.logger)
    this.exited = this.watchExit()
    child.on('message', (reply: RunnerReply) => this.receive(reply))
  }

  get pid(): number | undefined {
    return this.child.pid
  }

  /** Whether it has answered a run: what ends it after that was hardly its start. */
  get hasAnswered(): boolean {
    return this.answered
  }

  get isAlive(): boolean {
    return this.child.connected && !this.dying
  }

  /** Opens a version's session and pipeline and runs its example. Rejects with `LoadError`. */
  load({ id, folder, manifest }: LocalVersion): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new LoadError('timeout', 'loading took too long'))
        this.kill()
      }, this.options.loadTimeoutMs ?? 60_000)
      this.loads.set(id, { resolve, reject, timer })
      this.send({ kind: 'load', versionId: id, folder: absolutePath(folder), manifest })
    })
  }

  /** Runs inputs (JSON texts) of a loaded version as one micro-batch. Kills the child after `timeoutMs`. */
  run(versionId: VersionId, inputs: string[], { timeoutMs }: { timeoutMs: number }): Promise<RunOutcome> {
    return new Promise((resolve) => {
      const run = ++this.lastRun
      this.runs.push({ run, timeoutMs, resolve })
      if (this.runs.length === 1) this.startClock()
      this.send({ kind: 'run', run, versionId, inputs })
    })
  }

  /** Frees a version's session. Resolves as well when the child dies over it. */
  release(versionId: VersionId): Promise<void> {
    return new Promise((resolve) => {
      this.releases.set(versionId, resolve)
      this.send({ kind: 'release', versionId })
    })
  }

  /** Ends an idle child gently, within two seconds; one in a run at once, since its answer would find nobody. */
  async stop(): Promise<void> {
    if (this.runs.length > 0) this.kill()
    else if (this.child.connected) this.child.disconnect()
    const deadline = setTimeout(() => this.kill(), stopGraceMs)
    await this.exited
    clearTimeout(deadline)
  }

  kill(): void {
    this.dying = true
    this.child.kill('SIGKILL')
  }

  private send(request: RunnerRequest): void {
    if (this.ended) this.settleAll(this.ended)
    // Without a connection the child is dying, and its exit settles the request.
    else if (this.child.connected) this.child.send(request, () => undefined)
  }

  private receive(reply: RunnerReply): void {
    switch (reply.kind) {
      case 'loaded':
        return this.takeLoad(reply.versionId)?.resolve()
      case 'loadFailed':
        return this.takeLoad(reply.versionId)?.reject(new LoadError(reply.code, reply.reason))
      case 'ran':
        this.answered = true
        return this.endRun({ kind: 'ran', results: reply.results, timings: reply.timings })
      case 'resourceLimit':
        return this.endRun({ kind: 'resource_limit' })
      case 'released':
        this.releases.get(reply.versionId)?.()
        this.releases.delete(reply.versionId)
    }
  }

  private takeLoad(versionId: VersionId): PendingLoad | undefined {
    const load = this.loads.get(versionId)
    this.loads.delete(versionId)
    clearTimeout(load?.timer)
    return load
  }

  private endRun(outcome: RunOutcome): void {
    clearTimeout(this.clock)
    this.runs.shift()?.resolve(outcome)
    this.startClock()
  }

  private startClock(): void {
    const first = this.runs[0]
    if (!first) return
    this.clock = setTimeout(() => {
      this.timedOutRun = first.run
      this.kill()
    }, first.timeoutMs)
  }

  private async watchExit(): Promise<ExitReason> {
    const { code, signal } = await exitOf(this.child)
    await this.stderr.ended()
    this.ended = { code, signal, outOfMemory: this.stderr.saysOutOfMemory }
    this.settleAll(this.ended)
    return this.ended
  }

  private settleAll({ signal, code, outOfMemory }: ExitReason): void {
    clearTimeout(this.clock)
    for (const id of this.loads.keys()) {
      this.takeLoad(id)?.reject(
        new LoadError('crashed', `the runner died while it loaded (${signal ?? code})`),
      )
    }
    for (const resolve of this.releases.values()) resolve()
    this.releases.clear()
    const crashed: RunOutcome = { kind: 'crashed', signal, code }
    const [first, ...others] = this.runs.splice(0)
    first?.resolve(
      first.run === this.timedOutRun
        ? { kind: 'timeout' }
        : outOfMemory
          ? { kind: 'resource_limit' }
          : crashed,
    )
    for (const { resolve } of others) resolve(crashed)
  }
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
