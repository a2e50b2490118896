import { ServiceError } from '@augur/core/errors'
import { type Context, Hono } from 'hono'
import { accepts } from 'hono/accepts'
import type { ApiEnv } from '../api-app.js'
import { jsonResponse } from '../json-response.js'
import type { Asset, Playground } from './read-playground.js'

/** Nothing from elsewhere, and nothing inline. Pictures that somebody draws or drops are data URIs. */
const contentSecurityPolicy = [
  "default-src 'self'",
  "img-src 'self' data: blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const message = 'Augur is running. The API is below /api/v1 and /v2, and described at /docs.'

function answerAsset(c: Context<ApiEnv>, { type, bytes, gzipped }: Asset, headers: Record<string, string>) {
  const isGzipped = /\bgzip\b/.test(c.req.header('accept-encoding') ?? '')
  return c.body(isGzipped ? gzipped : bytes, 200, {
    'content-type': type,
    'x-content-type-options': 'nosniff',
    ...(isGzipped && { 'content-encoding': 'gzip' }),
    ...headers,
  })
}

function wantsPage(c: Context<ApiEnv>): boolean {
  const supports = ['application/json', 'text/html']
  return accepts(c, { header: 'Accept', supports, default: 'application/json' }) === 'text/html'
}

/** `/` shows the playground to browsers and greets everybody else; what the page consists of is below `/playground`. */
export function playgroundRoutes(playground: Playground | null): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()
  routes.get('/', (c) => {
    const vary = 'Accept, Accept-Encoding'
    if (playground === null || !wantsPage(c))
      return jsonResponse(c, JSON.stringify({ message }), 200, { vary })
    return answerAsset(c, playground.page, {
      vary,
      'content-security-policy': contentSecurityPolicy,
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    })
  })
  routes.get('/playground/:asset', (c) => {
    const asset = playground?.assets.get(c.req.param('asset'))
    if (!asset) throw new ServiceError('not_found', 'There is nothing at this path.')
    return answerAsset(c, asset, {
      vary: 'Accept-Encoding',
      'cache-control': 'public, max-age=31536000, immutable',
    })
  })
  return routes
}
