import { once } from 'node:events'
import type { LocalVersion } from '@augur/core/models/version'
import type { RunInput, Served } from './runner/protocol.js'
import type { Turns } from './runner/turns.js'
import type { ExitReason, NotStarted, Runner, RunOutcome } from './runner/runner.js'

/** A version that is loaded in a runner, which it may share with others. */
export class RunnerPlace {
  private constructor(
    private readonly runner: Runner,
    private readonly version: LocalVersion,
    /** What computes the version's answers. */
    readonly served: Served,
    /** Resolves when another place should be taken although this one still serves. */
    readonly outdated: Promise<unknown>,
  ) {}

  /** Loads a version into a runner, to stay there until `promotion`. Rejects with `LoadError`. */
  static async open(runner: Runner, version: LocalVersion, promotion?: AbortSignal): Promise<RunnerPlace> {
    const served = await runner.load(version)
    const outdated = promotion ? Promise.race([runner.worn, aborted(promotion)]) : runner.worn
    return new RunnerPlace(runner, version, served, outdated)
  }

  get isAlive(): boolean {
    return this.runner.isAlive
  }

  get exited(): Promise<ExitReason> {
    return this.runner.exited
  }

  /** Whose turn it is among the versions that are loaded here. */
  get turns(): Turns {
    return this.runner.turns
  }

  get hasAnswered(): boolean {
    return this.runner.hasAnswered
  }

  get hasRun(): boolean {
    return this.runner.hasRun
  }

  /** Sends ahead what `run` is expected to be given next, the same array. */
  stage(inputs: RunInput[]): void {
    this.runner.stage(inputs)
  }

  /** Runs inputs as one micro-batch, after those of other versions that came before. */
  run(inputs: RunInput[]): Promise<RunOutcome | NotStarted> {
    const timeoutMs = this.version.manifest.serving.timeoutSeconds * 1_000
    return this.runner.run(this.version.id, inputs, { timeoutMs })
  }

  /** Ends the version's run: with the runner if it has begun. */
  kill(): void {
    this.runner.endRun(this.version.id)
  }

  /** Leaves when its run is over. The last one to leave ends the runner. */
  async retire(): Promise<void> {
    await this.runner.release(this.version.id)
    if (this.runner.isEmpty) await this.runner.stop()
  }

  /** Leaves now, whatever is under way. */
  async stop(): Promise<void> {
    if (this.runner.versions <= 1) return this.runner.stop()
    this.kill()
    await this.retire()
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}
