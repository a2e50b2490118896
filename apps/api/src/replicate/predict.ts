import type { Catalogue, CatalogueVersion } from '@augur/core/models/catalogue'
import { findReplay } from '@augur/core/predictions/create-prediction'
import { isTerminal } from '@augur/core/predictions/prediction'
import { submitPrediction } from '@augur/core/predictions/submit-prediction'
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type ApiEnv, createRoutes, validBody } from '../api-app.js'
import { asCaller } from '../as-caller.js'
import { asNamed, assign } from '../assign.js'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'
import { fullName } from '../full-name.js'
import { jsonResponse } from '../json-response.js'
import { needs } from '../middleware/needs.js'
import { mediaTypeOf, parseJson, readBody } from '../middleware/read-body.js'
import type { JsonLimits } from '../middleware/read-json.js'
import { refuseFailed } from '../refuse-failed.js'
import { answer, refusals } from '../documentation.js'
import { idempotencyKeyHeader } from '../idempotency-documentation.js'
import { cancelAfterHeader, createRefusals } from './create-documentation.js'
import { readFormBody } from './form-body.js'
import { holdCreated } from '../hold.js'
import { idempotencyOf } from '../idempotency-key.js'
import { baseUrlOf } from './present.js'
import { presentCreated } from './present-created.js'
import { type PredictBody, predictAnswer, predictBody } from './schemas.js'
import { deadlineOf } from './terms.js'

const json = 'application/json'
const form = 'multipart/form-data'
const formSchema = {
  type: 'object' as const,
  description: 'Parts named model and version choose the version; every other part is input, files included.',
}

const predictPath = createRoute({
  method: 'post',
  path: '/predict',
  summary: 'Predict and wait for the result',
  parameters: [idempotencyKeyHeader, cancelAfterHeader],
  request: {
    body: { required: true, content: { [json]: { schema: predictBody }, [form]: { schema: formSchema } } },
  },
  responses: {
    200: answer('It succeeded, or somebody canceled it.', predictAnswer),
    202: answer('It has not ended within the longest time to wait.', predictAnswer),
    ...refusals(...createRefusals, 'unknown_version', 'prediction_failed', 'timeout'),
  },
})

/** @throws ServiceError `unknown_version` */
export function chooseVersion(
  catalogue: Catalogue,
  { model, version }: { model?: string | undefined; version?: string | undefined },
  byDefault: string,
): CatalogueVersion {
  if (model === undefined) return catalogue.resolve(version ?? byDefault)
  return catalogue.resolve(version === undefined ? fullName(model) : `${fullName(model)}:${version}`)
}

async function readPredictBody(c: Context, limits: JsonLimits): Promise<PredictBody> {
  const given = mediaTypeOf(c) === form ? await readFormBody(c, limits) : parseJson(await c.req.text())
  return validBody(predictBody, given)
}

async function answerPredict(api: ApiContext, c: Context<ApiEnv>, body: PredictBody): Promise<Response> {
  const context = asCaller(api, c, 'predict')
  context.waiting.refuseTooMany(context.tenant)
  const { AUGUR_DEFAULT_MODEL: byDefault, AUGUR_MAX_WAIT_SECONDS: seconds } = context.settings
  const idempotency = idempotencyOf(c, () => JSON.stringify(body))
  const input = body.input ?? body.input_data
  const choose = () => {
    const version = chooseVersion(currentCatalogue(context), body, byDefault)
    const isNamed = body.version !== undefined || (body.model === undefined && byDefault.includes(':'))
    return isNamed ? asNamed(version) : assign(context, c, version, input)
  }
  const submit = () =>
    submitPrediction(context, {
      ...choose(),
      input,
      class: 'waiting',
      deadlineAt: deadlineOf(c, context.now()),
      form: 'pipeline',
      webhook: null,
      webhookEvents: [],
      idempotency,
    })
  const created = (await findReplay(context, idempotency)) ?? (await submit())
  const headers = created.replayed ? { 'idempotency-replayed': 'true' } : {}
  const held = await holdCreated(context, c, created.prediction, seconds)
  const baseUrl = baseUrlOf(context, c)
  if (isTerminal(held.status)) refuseFailed(held)
  const { text, hasEnded } = await presentCreated(context, created, held, baseUrl)
  if (hasEnded) return jsonResponse(c, `{"prediction":${text}}`, 200, headers)
  const location = `${baseUrl}/predictions/${held.id}`
  return jsonResponse(c, `{"prediction":${text}}`, 202, { ...headers, location })
}

export function predictRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  // Validated by hand: Hono's validators know routes with one kind of body.
  routes.openAPIRegistry.registerPath(predictPath)
  const read = readBody({ ...context.bodyLimits, accept: [json, form] })
  routes.post(predictPath.path, needs('predict'), read, async (c) =>
    answerPredict(context, c, await readPredictBody(c, context.jsonLimits)),
  )
  return routes
}
