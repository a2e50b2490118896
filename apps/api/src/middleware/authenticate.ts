import { createHash, timingSafeEqual } from 'node:crypto'
import { isKeyNeeded } from '@augur/core/access/is-key-needed'
import { type ApiKey, idOfKeyText, usualLimits } from '@augur/core/access/api-key'
import { type Caller, scopes } from '@augur/core/access/scopes'
import { ServiceError } from '@augur/core/errors'
import { defaultTenant } from '@augur/core/tenant'
import type { Context, MiddlewareHandler, Next } from 'hono'
import type { ApiEnv } from '../api-app.js'
import type { ApiContext } from '../context.js'
import { type GuessingContext, refuseGuessing } from './refuse-guessing.js'

/** What load balancers and people who look in ask for; it tells them nothing about models or predictions. */
const openPaths: ReadonlySet<string> = new Set([
  '/',
  '/livez',
  '/readyz',
  '/openapi.json',
  '/docs',
  '/v2/health/live',
  '/v2/health/ready',
])
const isOpen = (path: string) =>
  openPaths.has(path) || path.startsWith('/docs/') || path.startsWith('/playground/')
/** Of one stream or file, whose handler looks at the ticket: clients of the contract fetch those without their key. */
const ticketed =
  /^\/api\/v1\/(?:predictions\/[^/]+\/stream|files\/[^/]+\/download|batches\/[^/]+\/(?:stream|results|errors))$/
/** Their handler looks at a cookie: a browser that goes to a page sends no key. */
const isBoard = (c: Context<ApiEnv>) => c.req.method === 'GET' && /^\/admin\/queues(?:\/|$)/.test(c.req.path)
const credentials = /^(?:Bearer|Token) +(\S+)$/i

/** May do everything, for the tenant that is there from the start. */
const unkeyed = { keyId: null, limits: usualLimits, webhook: null }
const everything = { ...unkeyed, tenant: defaultTenant, scopes: new Set(scopes) }
const byStaticKey: Caller = { ...everything, actor: 'static' }
const byLocalUser: Caller = { ...everything, actor: 'local' }
const nobody: Caller = { ...unkeyed, tenant: '', actor: 'nobody', scopes: new Set() }

/** A key of the settings that is as long is taken for one that nobody finds by trying. */
const unguessableLength = 32

function callerWith({ id, tenant, scopes: allowed, maxOpen, requestsPerSecond, webhook }: ApiKey): Caller {
  const limits = { maxOpen, requestsPerSecond }
  return { tenant, actor: id, keyId: id, scopes: new Set(allowed), limits, webhook }
}

/**
 * Says who a request comes from. A missing key and whatever is wrong with one get the same answer; who sends many
 * wrong ones gets another. A key of the store is never refused for what others send from its address: nobody finds one
 * by trying. The key of the settings may be a weak one, so there trying must end, unless it is a long one.
 */
export function authenticate(
  context: GuessingContext & Pick<ApiContext, 'keyReader'>,
): MiddlewareHandler<ApiEnv> {
  const isStatic = compareWith(context.settings.AUGUR_API_KEY)
  const isNeeded = isKeyNeeded(context.settings)
  const guessing = refuseGuessing(context)

  const callerOf = async (c: Context<ApiEnv>, given: string): Promise<Caller | null> => {
    if (isStatic(given)) {
      if (given.length < unguessableLength) await guessing.refuseBlocked(c)
      return byStaticKey
    }
    const key = await context.keyReader.find(given)
    if (key) return callerWith(key)
    if (!isNeeded && idOfKeyText(given) === null) return byLocalUser
    await guessing.countWrong(c)
    return null
  }

  const goOn = (c: Context<ApiEnv>, next: Next, caller: Caller | null) => {
    if (caller === null) throw new ServiceError('unauthenticated', 'A valid API key is needed.')
    c.set('caller', caller)
    return next()
  }

  // Not async: who needs no key waits for nothing.
  return (c, next) => {
    const { path } = c.req
    if (isOpen(path) || (ticketed.test(path) && c.req.query('ticket') !== undefined)) {
      return goOn(c, next, nobody)
    }
    const authorization = c.req.header('authorization')
    const given = authorization === undefined ? undefined : credentials.exec(authorization)?.[1]
    if (given !== undefined) return callerOf(c, given).then((caller) => goOn(c, next, caller))
    if (!isNeeded) return goOn(c, next, byLocalUser)
    return goOn(c, next, isBoard(c) ? nobody : null)
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Takes as long whatever differs. */
function compareWith(key: string | undefined): (given: string) => boolean {
  if (key === undefined) return () => false
  const expected = digest(key)
  return (given) => timingSafeEqual(digest(given), expected)
}
