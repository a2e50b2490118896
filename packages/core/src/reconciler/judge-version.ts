import type { Catalogue, CatalogueVersion } from '../models/catalogue.js'
import { coversModel } from '../models/presence.js'

export interface JudgeLimits {
  nowMs: number
  /** How long predictions wait for a version that was removed. */
  drainMs: number
  /** How long it is remembered after that, so that what comes late is still seen and ended. */
  rememberMs: number
}

/**
 * `keep`: nothing to do. `mark`: it was removed while nobody looked. `end`: what is open of it has waited long enough.
 * `end-waiting`: so it has, but what runs may finish. `forget`: nothing is left of it.
 */
export type Verdict = 'keep' | 'mark' | 'end' | 'end-waiting' | 'forget'

/** Decides about a version that may be gone; `open` counts its predictions that have not ended. */
export function judgeVersion(
  catalogue: Catalogue,
  version: CatalogueVersion,
  open: number,
  { nowMs, drainMs, rememberMs }: JudgeLimits,
): Verdict {
  const states = catalogue.statesOf(version.id).map(({ state }) => state)
  if (states.some((state) => state !== 'stopped' && state !== 'draining')) return 'keep'
  if (version.removedAt === undefined) return isGone(catalogue, version, open) ? 'mark' : 'keep'
  const goneMs = nowMs - version.removedAt
  if (open > 0) return goneMs < drainMs ? 'keep' : states.includes('draining') ? 'end-waiting' : 'end'
  return states.length === 0 && goneMs >= drainMs + rememberMs ? 'forget' : 'keep'
}

/**
 * Without a worker, a version is usually one whose worker is away for a moment. It is gone when it was unloaded, when
 * other files have taken its label, or when the workers that are to serve it do not have it and nothing waits for it.
 */
function isGone(catalogue: Catalogue, { id, model, label }: CatalogueVersion, open: number): boolean {
  const states = catalogue.statesOf(id)
  if (states.length > 0) return states.some(({ state }) => state === 'stopped')
  const isReplaced = catalogue.versionsOf(model).some((other) => {
    return other.id !== id && other.label === label && catalogue.isServed(other.id)
  })
  if (isReplaced) return true
  const isBroken = catalogue.problemsOf(model).some((problem) => problem.label === label)
  const isCovered = catalogue.workers.some(({ covers }) => covers && coversModel(covers, model))
  return open === 0 && isCovered && !isBroken
}
