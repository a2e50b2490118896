import { requireScope } from '@augur/core/access/scopes'
import { ServiceError } from '@augur/core/errors'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { createRoute } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { allow } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { refusals } from '../documentation.js'
import { guards } from '../json-response.js'
import { boardPath, createQueueBoard, type QueueBoard } from './queue-board.js'

const cookieName = 'augur_queues'
const sessionSeconds = 900

const sessionPath = createRoute({
  method: 'post',
  path: '/queues/session',
  summary: 'Open the raw queue view at /admin/queues for this browser, for 15 minutes',
  responses: { 204: { description: 'A cookie was set, for that path only.' }, ...refusals() },
})

/** A page that a browser goes to brings no key: a ticket in a cookie stands for one that was shown before. */
function allowBoard(context: ApiContext, c: Context<ApiEnv>): void {
  const caller = c.get('caller')
  if (caller.tenant !== '') return requireScope(caller, 'admin')
  const ticket = getCookie(c, cookieName)
  const tenant = ticket && context.tickets.read('queues', 'all', ticket, context.now())
  if (!tenant) throw new ServiceError('unauthenticated', 'Open this page from the operations page.')
}

export function queueBoardRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  let board: Promise<QueueBoard> | undefined
  const answer = async (c: Context<ApiEnv>) => {
    allowBoard(context, c)
    board ??= createQueueBoard(context)
    // Once more where it could not be made, as before the catalogue was read.
    board.catch(() => (board = undefined))
    return (await board).answer(c.req.raw)
  }
  routes.openapi(sessionPath, (c) => {
    allow(c, 'admin')
    const expiresAt = context.now() + sessionSeconds * 1000
    const { tenant } = c.get('caller')
    setCookie(c, cookieName, context.tickets.issue({ purpose: 'queues', id: 'all', tenant, expiresAt }), {
      path: boardPath,
      httpOnly: true,
      sameSite: 'Strict',
      secure: context.publicUrl?.startsWith('https:') ?? false,
      maxAge: sessionSeconds,
    })
    return c.body(null, 204, guards)
  })
  routes.get('/queues', answer)
  routes.get('/queues/*', answer)
  return routes
}
