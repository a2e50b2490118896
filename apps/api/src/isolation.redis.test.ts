import { type Scope, scopes } from '@augur/core/access/scopes'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Names, type TestedRoute, routesOf, routeTable } from './test/route-table.js'
import { serveWaiting } from './test/serve-waiting.js'
import { createTestApi, type TestApi } from './test/test-api.js'
import {
  createBatch,
  createDelivery,
  createPrediction,
  createReplay,
  createTenant,
  type ForeignState,
  foreignStates,
  plainAnswer,
  send,
  type Tenant,
  uploadFile,
  unknownNames,
} from './test/two-tenants.js'

let api: TestApi
let worker: ReturnType<typeof serveWaiting>
let acme: Tenant
let globex: Tenant
beforeAll(async () => {
  api = await createTestApi({
    AUGUR_REQUIRE_KEY: 'true',
    AUGUR_MAX_WAIT_SECONDS: '55',
    AUGUR_MAX_OPEN_BATCHES: '0',
  })
  worker = serveWaiting(api)
  acme = await createTenant(api, 'acme')
  globex = await createTenant(api, 'globex')
  await createPrediction(api, globex, 'ended')
})
// What workers say of themselves holds for a few seconds.
beforeEach(() => api.announce('ready'))
afterAll(async () => {
  await worker.stop()
  await api.close()
})

const routes = Object.entries(routeTable)
const routesTaking = (name: keyof Names) => routes.filter(([, { takes }]) => takes.includes(name))

/** Things of acme's that a request can name. */
async function namesOfAcme(state: ForeignState = 'open'): Promise<Names> {
  const id = await createPrediction(api, acme, state)
  const fileId = await uploadFile(api, acme, `file of ${id}`)
  const batchId = await createBatch(api, acme)
  const replayId = await createReplay(api, acme)
  const deliveryId = await createDelivery(api, acme)
  return {
    predictionId: id,
    cursorId: id,
    idempotencyKey: `key of ${id}`,
    fileId,
    batchId,
    replayId,
    deliveryId,
  }
}

const secretsOfTenant = (name: string) => api.context.webhookSecrets.active(name, Date.now())

const ask = (route: TestedRoute, names: Names, tenant: Pick<Tenant, 'headers'>) =>
  send(api, route.request(names), tenant)

test('every route of the app is in the table of the isolation tests, and nothing else is', () => {
  expect(routesOf(api.app).toSorted()).toEqual(Object.keys(routeTable).toSorted())
})

test('a route with an id in its path says whose the id is', () => {
  const withId = routes.filter(([route, { scope }]) => route.includes('/:id') && scope !== 'admin')
  expect(withId.filter(([, { takes }]) => takes.length === 0)).toEqual([])
})

describe('each route asks for its scope and for no other', () => {
  const statusWith = async (route: TestedRoute, names: Names, allowed: readonly Scope[]) => {
    const headers = await api.signIn('acme', allowed)
    return (await ask(route, names, { headers })).status
  }

  test.each(routes)('%s', async (_, route) => {
    const { scope } = route
    // Who is refused changes nothing, so all of them may ask for the same.
    const names = await namesOfAcme()
    const withoutKey = await ask(route, names, { headers: {} })
    expect(withoutKey.status === 401).toBe(scope !== null)
    const others = scopes.filter((each) => each !== scope)
    for (const allowed of [[], others]) {
      expect((await statusWith(route, names, allowed)) === 403).toBe(scope !== null)
    }
    const status = await statusWith(route, names, scope === null ? [] : [scope])
    expect([200, 201, 204, 404, 409]).toContain(status)
  })
})

describe('a foreign prediction is answered like one that never was, and stays as it is', () => {
  const cases = routesTaking('predictionId').flatMap(([name, route]) =>
    foreignStates.map((state) => [name, state, route] as const),
  )

  test.each(cases)('%s, %s', async (_, state, route) => {
    const names = await namesOfAcme(state)
    const before = await api.core.predictions.read(names.predictionId)
    const foreign = await plainAnswer(await ask(route, names, globex))
    expect(foreign).toEqual(await plainAnswer(await ask(route, unknownNames(names), globex)))
    expect(foreign.status).toBe(state === 'older than ids are known' ? 410 : 404)
    expect(await api.core.predictions.read(names.predictionId)).toEqual(before)
    // The owner is answered, if only with what the state of it forbids.
    expect([200, 201, 204, 409, 422]).toContain((await ask(route, names, acme)).status)
  })
})

describe('a foreign file is answered like one that never was, and stays as it is', () => {
  test.each(routesTaking('fileId'))('%s', async (_, route) => {
    const names = await namesOfAcme()
    const before = await api.context.files.read('acme', names.fileId)
    const foreign = await plainAnswer(await ask(route, names, globex))
    expect(foreign).toEqual(await plainAnswer(await ask(route, unknownNames(names), globex)))
    expect(foreign.status).toBe(404)
    expect(await api.context.files.read('acme', names.fileId)).toEqual(before)
    expect([200, 204]).toContain((await ask(route, names, acme)).status)
  })
})

describe('a foreign delivery is answered like one that never was, and stays as it is', () => {
  test.each(routesTaking('deliveryId'))('%s', async (_, route) => {
    const names = await namesOfAcme()
    const before = await api.core.deliveryStore.view(names.deliveryId)
    const foreign = await plainAnswer(await ask(route, names, globex))
    expect(foreign).toEqual(await plainAnswer(await ask(route, unknownNames(names), globex)))
    expect(foreign.status).toBe(404)
    expect(await api.core.deliveryStore.view(names.deliveryId)).toEqual(before)
    expect((await ask(route, names, acme)).status).toBe(200)
  })
})

test('a foreign replay is answered like one that never was', async () => {
  for (const [, route] of routesTaking('replayId')) {
    const names = await namesOfAcme()
    const foreign = await plainAnswer(await ask(route, names, globex))
    expect(foreign).toEqual(await plainAnswer(await ask(route, unknownNames(names), globex)))
    expect(foreign.status).toBe(404)
    expect((await ask(route, names, acme)).status).toBe(200)
  }
})

describe('a foreign batch is answered like one that never was, and stays as it is', () => {
  test.each(routesTaking('batchId'))('%s', async (_, route) => {
    const names = await namesOfAcme()
    const before = await api.context.batches.read(names.batchId)
    const foreign = await plainAnswer(await ask(route, names, globex))
    expect(foreign).toEqual(await plainAnswer(await ask(route, unknownNames(names), globex)))
    expect(foreign.status).toBe(404)
    expect(await api.context.batches.read(names.batchId)).toEqual(before)
    expect((await ask(route, names, acme)).status).toBe(200)
  })
})

test('who waits for a foreign prediction is not held, and learns no more than of an unknown one', async () => {
  const names = await namesOfAcme('running')
  const wait = async (method: string, { predictionId }: Names) =>
    plainAnswer(await send(api, { method, path: `/api/v1/predictions/${predictionId}?wait=55` }, globex))
  for (const method of ['GET', 'HEAD']) {
    const foreign = await wait(method, names)
    expect(foreign.status).toBe(404)
    expect(foreign).toEqual(await wait(method, unknownNames(names)))
  }
  expect(api.context.subscriptions.size).toBe(0)
})

describe("a foreign cursor leads to a tenant's own predictions", () => {
  test.each(routesTaking('cursorId'))('%s', async (_, route) => {
    const names = await namesOfAcme()
    const foreign = await ask(route, names, globex)
    expect(await plainAnswer(foreign.clone())).toEqual(
      await plainAnswer(await ask(route, unknownNames(names), globex)),
    )
    const own = await api.ids('globex')
    const shown = [...(await foreign.text()).matchAll(/"id":"([^"]+)"/g)].map(([, id]) => id)
    expect(shown).toEqual(own)
  })
})

describe('an idempotency key means nothing to another tenant', () => {
  test.each(routesTaking('idempotencyKey'))('%s', async (_, route) => {
    const names = await namesOfAcme()
    const first = await ask(route, names, acme)
    expect((await ask(route, names, acme)).headers.get('idempotency-replayed')).toBe('true')
    const [firstId] = await api.ids('acme')
    const request = route.request(names)
    const otherBody = { ...request.body, input: { x: [7, 8, 9] } }
    expect((await send(api, { ...request, body: otherBody }, acme)).status).toBe(422)

    const foreign = await send(api, { ...request, body: otherBody }, globex)
    expect(await foreign.clone().text()).not.toContain(firstId)
    const unknown = { ...route.request(unknownNames(names)), body: otherBody }
    expect(await plainAnswer(foreign)).toEqual(await plainAnswer(await send(api, unknown, globex)))
    expect(foreign.status).toBe(first.status)
    const replayed = await send(api, { ...request, body: otherBody }, globex)
    expect(replayed.headers.get('idempotency-replayed')).toBe('true')
  })
})

describe('nothing of one tenant is in what another is answered', () => {
  // Who administers the server sees all of it.
  test.each(routes.filter(([, { scope }]) => scope !== 'admin'))('%s', async (_, route) => {
    const names = await namesOfAcme('ended')
    await ask(route, names, acme)
    const answer = await ask(route, names, globex)
    const text = JSON.stringify([...answer.headers]) + (await answer.text())
    for (const id of await api.ids('acme')) expect(text).not.toContain(id)
    for (const name of ['acme', ...(await secretsOfTenant('acme'))]) expect(text).not.toContain(name)
  })
})

test('webhooks are signed with a secret of the tenant alone', async () => {
  const path = '/api/v1/webhooks/default/secret'
  const secretOf = async (tenant: Tenant) => (await send(api, { method: 'GET', path }, tenant)).json()
  expect(await secretOf(acme)).toEqual({ key: (await secretsOfTenant('acme'))[0] })
  expect(await secretOf(globex)).toEqual({ key: (await secretsOfTenant('globex'))[0] })
  const all = await Promise.all(['acme', 'globex', 'default'].map(secretsOfTenant))
  expect(new Set(all.map(([newest]) => newest)).size).toBe(3)
})

test('a list shows no prediction of another tenant, even where its id came into the index', async () => {
  const { predictionId } = await namesOfAcme()
  await api.core.index.add('globex', [predictionId])
  const listed = await send(api, { method: 'GET', path: '/api/v1/predictions' }, globex)
  expect(await listed.text()).not.toContain(predictionId)
  await api.core.index.remove('globex', [predictionId])
})

test('two tenants who share no more than the server have lists of their own', async () => {
  const [ofAcme, ofGlobex] = [await api.ids('acme'), await api.ids('globex')]
  expect(ofAcme.filter((id) => ofGlobex.includes(id))).toEqual([])
  expect(ofAcme.length * ofGlobex.length).toBeGreaterThan(0)
})
