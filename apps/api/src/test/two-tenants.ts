import { scopes } from '@augur/core/access/scopes'
import { newFileId, newPredictionId, newReplayId, randomToken } from '@augur/core/ids'
import { ownDeliveryId, predictionOfDelivery } from '@augur/core/webhooks/delivery'
import { testVersion } from '@augur/test-support/test-context'
import { batchSchema } from '../replicate/batch-schemas.js'
import { fileSchema } from '../replicate/file-schemas.js'
import { predictionSchema } from '../replicate/schemas.js'
import type { Names, TestedRequest } from './route-table.js'
import { type TestApi, validInput } from './test-api.js'

/** Marks everything that belongs to one tenant. */
export interface Tenant {
  name: string
  headers: Record<string, string>
}

const day = 86_400_000

/** What a prediction of somebody else may be while one asks for it. */
export const foreignStates = ['open', 'running', 'ended', 'data removed', 'older than ids are known'] as const
export type ForeignState = (typeof foreignStates)[number]

/** A tenant with a key for everything but the administration, which is above tenants. */
export async function createTenant(api: TestApi, name: string): Promise<Tenant> {
  const headers = await api.signIn(
    name,
    scopes.filter((scope) => scope !== 'admin'),
  )
  return { name, headers }
}

export function send(
  api: TestApi,
  { method, path, headers, body, file }: TestedRequest,
  tenant: Pick<Tenant, 'headers'>,
): Promise<Response> {
  const request = new Request(`http://localhost${path}`, {
    method,
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
      ...tenant.headers,
    },
    ...(body && { body: JSON.stringify(body) }),
    ...(file !== undefined && { body: formOf(file) }),
  })
  return Promise.resolve(api.app.fetch(request))
}

function formOf(content: string): FormData {
  const form = new FormData()
  form.set('content', new Blob([content]), 'file.txt')
  return form
}

/** The id of a new file of that tenant. */
export async function uploadFile(api: TestApi, tenant: Tenant, content: string): Promise<string> {
  const response = await send(api, { method: 'POST', path: '/api/v1/files', file: content }, tenant)
  return fileSchema.parse(await response.json()).id
}

/** The id of a new batch of that tenant. */
export async function createBatch(api: TestApi, tenant: Tenant): Promise<string> {
  const body = { model: testVersion.model, inputs: [validInput] }
  const response = await send(api, { method: 'POST', path: '/api/v1/batches', body }, tenant)
  return batchSchema.parse(await response.json()).id
}

/** The id of a new replay of that tenant. */
export async function createReplay({ core, context }: TestApi, tenant: Tenant): Promise<string> {
  const { model, id: candidate } = testVersion
  const id = newReplayId(core.tag, Date.now())
  const replay = { id, tenant: tenant.name, model, candidate, total: 1, createdAt: Date.now() }
  await context.replays.write(replay)
  return replay.id
}

/** The id of a new delivery of that tenant, which was given up. */
export async function createDelivery({ core }: TestApi, tenant: Tenant): Promise<string> {
  const id = ownDeliveryId(core.tag, 'completed', Date.now())
  const delivery = { id, tenant: tenant.name, url: 'http://127.0.0.1:9/', body: '{}' }
  await core.deliveryStore.createOwn(delivery, Date.now())
  await core.deliveryStore.end(id, 'exhausted', null)
  return id
}

/** The id of a new prediction of that tenant in that state. */
export async function createPrediction(api: TestApi, tenant: Tenant, state: ForeignState): Promise<string> {
  const { core } = api
  const response = await api.create(tenant.headers)
  const { id } = predictionSchema.parse(await response.json())
  if (state === 'running') await core.predictions.claim([{ id, epoch: 0, token: 'held' }], Date.now())
  if (state === 'ended' || state === 'data removed') await api.work(id)
  if (state === 'data removed') await core.predictions.removeData(core.tag, [id])
  return state === 'older than ids are known' ? createOld(api, id) : id
}

/** A record that outlives what its id says: it was open for longer than records are kept. */
async function createOld({ core }: TestApi, likeId: string): Promise<string> {
  const like = await core.predictions.read(likeId)
  if (like === null) throw new Error('there is no record to copy')
  const createdAt = Date.now() - 8 * day
  const id = newPredictionId(core.tag, createdAt)
  await core.predictions.create([{ ...like, id, createdAt }])
  await core.index.add(like.tenant, [id])
  return id
}

/** Names as good as those given, that nobody has used. */
export function unknownNames({ predictionId, cursorId, batchId, replayId, deliveryId }: Names): Names {
  return {
    predictionId: withOtherRandomPart(predictionId),
    cursorId: withOtherRandomPart(cursorId),
    idempotencyKey: randomToken(),
    fileId: newFileId(Date.now()),
    batchId: withOtherRandomPart(batchId),
    replayId: withOtherRandomPart(replayId),
    deliveryId: `${withOtherRandomPart(predictionOfDelivery(deliveryId))}.completed`,
  }
}

const withOtherRandomPart = (id: string) => id.slice(0, 18) + randomToken().slice(0, 26)

export interface PlainAnswer {
  status: number
  headers: Record<string, string>
  body: string
}

/**
 * An answer as its caller gets it, but for what differs from request to request: the request's id, and of a new
 * prediction its id, its times and its place.
 */
export async function plainAnswer(response: Response): Promise<PlainAnswer> {
  const headers = Object.fromEntries(response.headers)
  const requestId = headers['x-request-id'] ?? ''
  const plain = (text: string) =>
    text
      .replaceAll(requestId, '<request>')
      .replaceAll(/\b(?:[0-9a-hjkmnp-tv-z]{44}|[0-9a-hjkmnp-tv-z]{36})\b/g, '<id>')
      .replaceAll(/ticket=[\w.-]+/g, 'ticket=<ticket>')
      .replaceAll(/"\d{4}-\d\d-\d\dT[^"]+"/g, '<time>')
      .replaceAll('"estimated_start":null', '"estimated_start":<time>')
      .replaceAll(/"(queue_position|queue_ms|total_time|predict_time)":[\d.e-]+/g, '"$1":<number>')
  return {
    status: response.status,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, plain(value)])),
    body: plain(await response.text()),
  }
}
