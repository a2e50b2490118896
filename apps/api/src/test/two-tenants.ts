import { scopes } from '@augur/core/access/scopes'
import { newPredictionId, randomToken } from '@augur/core/ids'
import { predictionSchema } from '../replicate/schemas.js'
import type { Names, TestedRequest } from './route-table.js'
import type { TestApi } from './test-api.js'

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
  { method, path, headers, body }: TestedRequest,
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
  })
  return Promise.resolve(api.app.fetch(request))
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
  await core.predictions.create({ ...like, id, createdAt })
  await core.index.add(like.tenant, id)
  return id
}

/** Names as good as those given, that nobody has used. */
export function unknownNames({ predictionId, cursorId }: Names): Names {
  return {
    predictionId: withOtherRandomPart(predictionId),
    cursorId: withOtherRandomPart(cursorId),
    idempotencyKey: randomToken(),
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
      .replaceAll(/\b[0-9a-hjkmnp-tv-z]{44}\b/g, '<id>')
      .replaceAll(/"\d{4}-\d\d-\d\dT[^"]+"/g, '<time>')
      .replaceAll(/"(queue_position|queue_ms|total_time|predict_time)":[\d.e-]+/g, '"$1":<number>')
  return {
    status: response.status,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, plain(value)])),
    body: plain(await response.text()),
  }
}
