import { type ChildProcess, spawn } from 'node:child_process'
import type { Output } from './output.js'

/** One Node.js process to run. */
export interface ProcessSpec {
  name: string
  script: string
  args?: string[]
  /** Options of Node.js itself. */
  nodeOptions?: readonly string[]
  env: Record<string, string | undefined>
  cwd: string
  /** From SIGTERM to SIGKILL. */
  stopWithinMs: number
}

export interface UnexpectedExit {
  name: string
  code: number | null
  signal: NodeJS.Signals | null
}

export interface SupervisorOptions {
  output: Output
  /** Told of each end that nobody asked for; whether the process is started again. */
  onUnexpectedExit(exit: UnexpectedExit): 'restart' | 'leave'
  /** Pause before the start that follows so many quick ends in a row. */
  restartDelayMs?: (quickEnds: number) => number
  /** A process that lived this long starts again as if for the first time. */
  steadyAfterMs?: number
}

/** 200 ms, doubled with each quick end in a row, at most 10 s. */
export function backOffMs(quickEnds: number): number {
  return Math.min(200 * 2 ** quickEnds, 10_000)
}

/** A process, its restarts and its end. It leads a process group of its own, and its group ends with it. */
class SupervisedProcess {
  #child: ChildProcess | undefined
  #startedAt = 0
  #quickEnds = 0
  #restart: NodeJS.Timeout | undefined
  #stopping = false
  #ended: Promise<void> = Promise.resolve()

  constructor(
    readonly spec: ProcessSpec,
    readonly options: SupervisorOptions,
  ) {}

  get pid(): number | undefined {
    return this.#child?.pid
  }

  start(): void {
    const { spec, options } = this
    const { stdio } = options.output
    // Its own group: Ctrl-C reaches the launcher alone, which then stops everything in order. Its standard input is
    // how it learns that the launcher is gone.
    const child = spawn(process.execPath, [...(spec.nodeOptions ?? []), spec.script, ...(spec.args ?? [])], {
      cwd: spec.cwd,
      env: { ...spec.env, AUGUR_EXIT_WITH_PARENT: '1' },
      detached: true,
      stdio: ['pipe', stdio, stdio],
    })
    options.output.attach(child.stdout)
    options.output.attach(child.stderr)
    this.#child = child
    this.#startedAt = Date.now()
    this.#ended = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null) => {
        this.#onEnd({ name: spec.name, code, signal })
        resolve()
      }
      child.once('exit', end)
      child.once('error', () => end(null, null))
    })
  }

  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#restart)
    if (!this.#child) return
    this.#child.kill('SIGTERM')
    const force = setTimeout(() => this.kill(), this.spec.stopWithinMs)
    await this.#ended
    clearTimeout(force)
  }

  kill(): void {
    this.#stopping = true
    clearTimeout(this.#restart)
    killGroup(this.pid)
  }

  #onEnd(exit: UnexpectedExit): void {
    // What it started itself must not outlive it and serve on unseen.
    killGroup(this.pid)
    this.#child = undefined
    if (this.#stopping || this.options.onUnexpectedExit(exit) === 'leave') return
    const { restartDelayMs = backOffMs, steadyAfterMs = 30_000 } = this.options
    if (Date.now() - this.#startedAt >= steadyAfterMs) this.#quickEnds = 0
    this.#restart = setTimeout(() => this.start(), restartDelayMs(this.#quickEnds++))
  }
}

function killGroup(leaderPid: number | undefined): void {
  if (leaderPid === undefined) return
  try {
    process.kill(-leaderPid, 'SIGKILL')
  } catch {
    // Nobody is left in the group.
  }
}

/** Starts processes in stages, keeps them running, and stops the stages in reverse order. */
export class ProcessSupervisor {
  readonly #stages: SupervisedProcess[][] = []
  #stopped: Promise<void> | undefined

  constructor(readonly options: SupervisorOptions) {}

  /** Starts processes that will be stopped together. */
  start(stage: ProcessSpec[]): void {
    const processes = stage.map((spec) => new SupervisedProcess(spec, this.options))
    this.#stages.push(processes)
    for (const each of processes) each.start()
  }

  /** What runs at this moment. */
  running(): { name: string; pid: number }[] {
    const processes = this.#stages.flat().map(({ spec, pid }) => ({ name: spec.name, pid }))
    return processes.filter((each): each is { name: string; pid: number } => each.pid !== undefined)
  }

  /** Last stage first; each process gets SIGTERM, and SIGKILL when its time is over. Resolves when all are gone. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopStages()
    return this.#stopped
  }

  /** SIGKILL to every process and its group. */
  kill(): void {
    for (const each of this.#stages.flat()) each.kill()
  }

  async #stopStages(): Promise<void> {
    for (const stage of this.#stages.toReversed()) await Promise.all(stage.map((each) => each.stop()))
  }
}
