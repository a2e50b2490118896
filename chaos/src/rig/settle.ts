import { History, isTerminal } from '../history/history.js'
import { haveGivenBack, noteResources } from './leftovers.js'
import type { Rig } from './rig.js'
import type { Tenant } from './tenant.js'
import { until } from './until.js'

const readers = 16

interface Accepted {
  id: string
  hasWebhook: boolean
  tenant: Tenant
}

/**
 * Waits until every accepted prediction has ended and every end that was to be told is told, as long as no `withinMs` pass
 * without another one, and reads all of it three times.
 */
export async function settle(
  rig: Rig,
  withinMs: number,
  { isPatient = true }: { isPatient?: boolean } = {},
): Promise<void> {
  let end = Date.now() + withinMs
  const accepted = acceptedOf(rig)
  await inParallel(accepted, async ({ id, tenant }) => {
    while (Date.now() < end) {
      const read = await rig.client.read(tenant, id, 5)
      if (read === null || (!isTerminal(read.status) && read.status !== 'missing')) continue
      end = Date.now() + withinMs
      return
    }
  })
  const told = accepted.filter(({ hasWebhook }) => hasWebhook).map(({ id }) => id)
  await untilTold(rig, told, withinMs)
  for (let round = 0; round < 2; round++)
    await inParallel(accepted, ({ id, tenant }) => readSurely(rig, tenant, id))
  for (const tenant of rig.tenants) await noteStored(rig, tenant)
  await rig.client.hangUp()
  // Its connections would go by themselves, 10 s later.
  if (!isPatient) rig.receiver.hangUp()
  // Connections that are kept for a while go first.
  await until(() => haveGivenBack(rig), 20_000, 250)
  noteResources(rig, 'settled')
}

async function untilTold({ receiver }: Rig, ids: readonly string[], withinMs: number): Promise<void> {
  let left = ids
  for (let before = Infinity; left.length > 0 && left.length < before; ) {
    before = left.length
    await until(() => left.some((id) => receiver.told.has(id)), withinMs)
    left = left.filter((id) => !receiver.told.has(id))
  }
}

function acceptedOf(rig: Rig): Accepted[] {
  return [...new History(rig.ledger.events).accepted].flatMap(([id, request]) => {
    const tenant = rig.tenants.find(({ name }) => name === request.tenant)
    return tenant ? [{ id, tenant, hasWebhook: request.hasWebhook }] : []
  })
}

async function readSurely(rig: Rig, tenant: Tenant, id: string): Promise<void> {
  await until(async () => (await rig.client.read(tenant, id)) !== null, 10_000)
}

async function noteStored(rig: Rig, tenant: Tenant): Promise<void> {
  let path: string | null = '/api/v1/predictions'
  while (path !== null) {
    const { status, text } = await rig.client.ask(tenant, 'GET', path)
    if (status !== 200) return
    const page: { next: string | null; results: { id: string }[] } = JSON.parse(text)
    for (const { id } of page.results) rig.ledger.note({ kind: 'stored', id, tenant: tenant.name })
    path = page.next === null ? null : page.next.replace(/^https?:\/\/[^/]+/, '')
  }
}

/** Calls `work` for each item, so many at a time. */
export async function inParallel<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  workers = readers,
): Promise<void> {
  let next = 0
  const run = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item)
  }
  await Promise.all(Array.from({ length: workers }, run))
}
