import type { LocalVersion, VersionId } from '@augur/core/models/version'
import { LoadError } from './runner/load-error.js'
import type { Runner } from './runner/runner.js'

/**
 * Loads versions for the first time, one after another, in a throw-away runner that serves nothing: one that kills it
 * harms nobody. The runner ends when no version waits.
 */
export class TrialRunner {
  private readonly passed = new Set<VersionId>()
  private runner: Runner | undefined
  private waiting = 0
  private last: Promise<unknown> = Promise.resolve()

  constructor(private readonly start: () => Runner) {}

  /** Resolves once the version has loaded here, at once if it has before. Rejects with `LoadError`. */
  async check(version: LocalVersion, signal: AbortSignal): Promise<void> {
    if (this.passed.has(version.id)) return
    this.waiting++
    const trial = this.last.then(() => this.load(version, signal))
    this.last = trial.catch(() => undefined).then(() => this.leave())
    await trial
    this.passed.add(version.id)
  }

  forget(id: VersionId): void {
    this.passed.delete(id)
  }

  private async load(version: LocalVersion, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new LoadError('interrupted', 'the version is not wanted any more')
    if (!this.runner?.isAlive || this.runner.isWorn) {
      await this.runner?.stop()
      this.runner = this.start()
    }
    await loadUntil(signal, this.runner, () => this.runner?.load(version))
    await this.runner.release(version.id)
  }

  private async leave(): Promise<void> {
    if (--this.waiting === 0) await this.runner?.stop()
  }
}

/** Loads into a runner that is stopped when the load is not wanted any more. */
export async function loadUntil<T>(
  signal: AbortSignal,
  runner: Runner,
  load: () => Promise<T> | T,
): Promise<T> {
  const stop = (): void => void runner.stop()
  signal.addEventListener('abort', stop)
  try {
    return await load()
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
