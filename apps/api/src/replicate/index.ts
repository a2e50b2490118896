import type { OpenAPIHono } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import type { ApiContext } from '../context.js'
import { aboutModelRoutes } from './about-model.js'
import { accountRoutes } from './account.js'
import { batchRoutes } from './batches.js'
import { collectionRoutes } from './collections.js'
import { deliveryRoutes } from './deliveries.js'
import { deletePredictionRoutes } from './delete-prediction.js'
import { deploymentRoutes } from './deployments.js'
import { feedbackRoutes } from './feedback.js'
import { fileRoutes } from './files.js'
import { hardwareRoutes } from './hardware.js'
import { healthRoutes } from './health.js'
import { modelRoutes } from './models.js'
import { predictRoutes } from './predict.js'
import { predictionRoutes } from './predictions.js'
import { replayRoutes } from './replay.js'
import { retryRoutes } from './retry.js'
import { replaysRoutes } from './replays.js'
import { rolloutRoutes } from './rollouts.js'
import { searchRoutes } from './search.js'
import { streamRoutes } from './stream.js'
import { trainingRoutes } from './trainings.js'
import { webhookRoutes } from './webhooks.js'

/** The predictions dialect: Replicate's wire contract, with a few routes of our own. */
export function replicateRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  for (const part of [
    predictionRoutes,
    streamRoutes,
    retryRoutes,
    feedbackRoutes,
    replayRoutes,
    deletePredictionRoutes,
    modelRoutes,
    aboutModelRoutes,
    searchRoutes,
    replaysRoutes,
    rolloutRoutes,
    webhookRoutes,
    deliveryRoutes,
    predictRoutes,
    fileRoutes,
    batchRoutes,
    healthRoutes,
    accountRoutes,
    hardwareRoutes,
    collectionRoutes,
    trainingRoutes,
    deploymentRoutes,
  ]) {
    routes.route('/', part(context))
  }
  return routes
}
