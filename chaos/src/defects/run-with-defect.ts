import { check } from '../history/check.js'
import type { Breaches } from '../history/check.js'
import { noteLeftovers } from '../rig/leftovers.js'
import { Rig } from '../rig/rig.js'
import { settle } from '../rig/settle.js'
import type { DefectName } from './defects.js'

const preload = new URL('./preload.js', import.meta.url).href
const submissions = 16

/** What the checker finds wrong with a product that has this defect; `null` has none. */
export async function runWithDefect(
  root: string,
  folder: string,
  defect: DefectName | null,
): Promise<Breaches> {
  const env = {
    AUGUR_RECONCILE_GRACE_SECONDS: '1',
    ...(defect !== null && { CHAOS_DEFECT: defect, NODE_OPTIONS: `--import ${preload}` }),
  }
  const roles = { AUGUR_WORKER_ROLES: 'predictions,maintenance,webhooks' }
  const rig = await Rig.start({ root, folder, apis: 1, workers: 1, deliverers: 0, env, workerEnv: roles })
  try {
    await Promise.all(Array.from({ length: submissions }, (_, i) => submitAndRead(rig, i)))
    // Some defects keep predictions from their end, or from being told of it, for ever.
    await settle(rig, defect === null ? 60_000 : 20_000, { isPatient: false })
    await noteLeftovers(rig)
    return check(rig.ledger.events)
  } finally {
    await rig.stop(true)
  }
}

/** Every second submission is sent twice under one key. */
async function submitAndRead(rig: Rig, i: number): Promise<void> {
  const tenant = rig.tenant(i)
  const submission = { input: { sleepMs: 20 }, hasWebhook: true, key: `key-${i}` }
  const id = await rig.client.submit(tenant, submission)
  if (i % 2 === 0) await rig.client.submit(tenant, submission)
  if (id !== null) await rig.client.read(tenant, id, 2)
}
