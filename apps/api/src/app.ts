import { isKeyNeeded } from '@augur/core/access/is-key-needed'
import { secretsOf } from '@augur/core/config'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { adminRoutes } from './admin/index.js'
import { type ApiEnv, createRoutes } from './api-app.js'
import type { ApiContext } from './context.js'
import { createErrorHandler } from './handle-error.js'
import { allowOrigins } from './middleware/allow-origins.js'
import { authenticate } from './middleware/authenticate.js'
import { checkOrigin } from './middleware/check-origin.js'
import { limitRequests } from './middleware/limit-requests.js'
import { observeRequests } from './middleware/observe-requests.js'
import { traceRequests } from './middleware/trace-requests.js'
import { createNotFoundHandler } from './not-found.js'
import { openInferenceRoutes } from './open-inference/index.js'
import { errorMember } from './open-inference/error-member.js'
import { operationsRoutes } from './operations/index.js'
import { createReadinessCheck } from './readiness.js'
import { replicateRoutes } from './replicate/index.js'
import { whyNoMethod } from './replicate/why-no-method.js'
import { SplitRouter } from './split-router.js'

/** The whole HTTP surface. Building it opens nothing; `app.request` answers without a socket. */
export function createApp(context: ApiContext): OpenAPIHono<ApiEnv> {
  const { settings, logger, metrics, tracing, publicUrl } = context
  const app = createRoutes({ router: new SplitRouter('/v2') })
  app.onError(createErrorHandler(context))
  app.notFound(createNotFoundHandler(app, whyNoMethod))

  app.use(observeRequests({ logger, metrics, secrets: secretsOf(settings) }))
  if (tracing !== null) app.use(traceRequests(tracing))
  app.use('/v2/*', errorMember())
  if (settings.AUGUR_CORS_ORIGINS.length > 0) app.use(allowOrigins(settings.AUGUR_CORS_ORIGINS))
  app.use(authenticate(context))
  if (!isKeyNeeded(settings)) {
    const hosts = publicUrl === null ? [] : [new URL(publicUrl).host]
    app.use(checkOrigin({ hosts, origins: settings.AUGUR_CORS_ORIGINS }))
  }

  app.use(limitRequests(context.requestRate, settings.AUGUR_MAX_REQUESTS_PER_SECOND))

  const assertReady = createReadinessCheck(context)
  app.route('/api/v1', replicateRoutes(context))
  app.route('/v2', openInferenceRoutes(context, assertReady))
  app.route('/admin', adminRoutes(context))
  app.route('/', operationsRoutes(context, { assertReady, wholeApp: () => app }))
  return app
}
