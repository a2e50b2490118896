import { surplus } from '../history/surplus.js'
import { readRuns } from './chaos-model.js'
import { findSecrets } from './find-secrets.js'
import { readResources } from './resources.js'
import type { Rig } from './rig.js'

/** Puts into the ledger what the model noted, and which secrets were left in files. */
export async function noteLeftovers(rig: Rig): Promise<void> {
  for (const run of await readRuns(rig.runsPath)) rig.ledger.note(run)
  for (const detail of await findSecrets(rig.options.folder, rig.secrets()))
    rig.ledger.note({ kind: 'leak', what: 'secret', detail })
}

type Processes = Pick<Rig, 'ledger' | 'processes'>

/** Notes what processes hold, freshly started or after all faults. */
export function noteResources({ ledger, processes }: Processes, moment: 'fresh' | 'settled'): void {
  for (const { name, pid } of processes.filter(({ isRunning }) => isRunning)) {
    const resources = readResources(pid)
    if (resources) ledger.note({ kind: 'resources', process: name, moment, ...resources })
  }
}

/** Whether no process holds more than when it was fresh. */
export function haveGivenBack({ ledger, processes }: Processes): boolean {
  return processes.every(({ name, pid }) => {
    const before = ledger.events.find((event) => event.kind === 'resources' && event.process === name)
    const now = readResources(pid)
    return now === null || before?.kind !== 'resources' || surplus(before, now).length === 0
  })
}
