import { createHash } from 'node:crypto'
import type { Arm, Trial } from './rollout.js'

/**
 * The arm of a caller: the same key gets the same arm in every process and after every restart, as long as the trial
 * lasts. A caller of the candidate stays with it when its share grows.
 */
export function chooseArm({ id, percent }: Pick<Trial, 'id' | 'percent'>, key: string): Arm {
  return placeOf(id, key) < percent / 100 ? 'candidate' : 'stable'
}

/** Where a key lies between 0 and 1: evenly spread, and anew for each trial. */
function placeOf(trial: string, key: string): number {
  const digest = createHash('sha256')
    .update(JSON.stringify([trial, key]))
    .digest()
  return digest.readUIntBE(0, 6) / 2 ** 48
}
