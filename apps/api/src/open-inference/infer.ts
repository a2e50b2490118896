import { ServiceError } from '@augur/core/errors'
import { cancelPrediction } from '@augur/core/predictions/cancel-prediction'
import type { Created } from '@augur/core/predictions/create-prediction'
import { isTerminal, type Prediction } from '@augur/core/predictions/prediction'
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type ApiEnv, createRoutes, validBody } from '../api-app.js'
import { asCaller, type CallerContext } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { refusals } from '../documentation.js'
import { holdCreated } from '../hold.js'
import { idempotencyKeyHeader, idempotencyRefusals } from '../idempotency-documentation.js'
import { idempotencyOf } from '../idempotency-key.js'
import { guards, jsonResponse, requestHeaders } from '../json-response.js'
import { needs } from '../middleware/needs.js'
import { refuseFailed } from '../refuse-failed.js'
import { beginInfer, findInfer, type Idempotency, sameAs } from './begin-infer.js'
import { encodeOutputs, type EncodedOutputs } from './infer-response.js'
import { versionPaths } from './model-path.js'
import { readUntypedBody } from './read-untyped-body.js'
import { type InferRequest, type InferResponse, inferRequest, inferResponse } from './schemas.js'
import { headerLengthName, readSplitBody } from './split-body.js'

const json = 'application/json'
const binary = 'application/octet-stream'
const produced = [json, binary]
const binarySchema = {
  type: 'string' as const,
  format: 'binary',
  description:
    'The JSON, as long as Inference-Header-Content-Length says, and the bytes of tensors behind it.',
}

const inferPaths = versionPaths.map(({ path, params }) =>
  createRoute({
    method: 'post',
    path: `${path}/infer`,
    summary: 'Run tensors through a model',
    parameters: [
      idempotencyKeyHeader,
      {
        in: 'header',
        name: 'Inference-Header-Content-Length',
        description: 'How many bytes of the body are JSON; tensors follow as bytes.',
        required: false,
        schema: { type: 'integer' },
      },
    ],
    request: {
      params,
      body: {
        required: true,
        content: { [json]: { schema: inferRequest }, [binary]: { schema: binarySchema } },
      },
    },
    responses: {
      200: {
        description: 'The outputs; with bytes behind the JSON where these were asked for.',
        content: { [json]: { schema: inferResponse }, [binary]: { schema: binarySchema } },
      },
      ...refusals(
        ...idempotencyRefusals,
        'invalid_json',
        'not_found',
        'payload_too_large',
        'unsupported_media_type',
        'invalid_input',
        'prediction_failed',
        'timeout',
        'quota_exceeded',
        'overloaded',
        'no_worker',
        'version_draining',
      ),
    },
  }),
)

function waitSeconds({ parameters }: InferRequest, mostSeconds: number): number {
  const { timeout = 0 } = parameters ?? {}
  return timeout === 0 ? mostSeconds : Math.min(timeout / 1e6, mostSeconds)
}

function requireRunning({ waiting }: ApiContext): void {
  if (!waiting.isStopped) return
  throw new ServiceError('unavailable', 'The server is shutting down.', { retryAfterSeconds: 1 })
}

/**
 * Cancels what nobody waits for any more: this protocol has no way to fetch it later, but by a repeat with the same
 * `Idempotency-Key`, for which it is kept.
 */
async function abandon(
  context: CallerContext,
  { id }: Prediction,
  idempotency: Idempotency,
): Promise<Prediction> {
  if (idempotency !== null) {
    requireRunning(context)
    const message =
      'The prediction did not end within the time to wait; a repeat of the request waits for it again.'
    throw new ServiceError('timeout', message, { predictionId: id })
  }
  const last = await cancelPrediction(context, id)
  if (last.status !== 'canceled') return last
  requireRunning(context)
  const message = 'The prediction did not end within the time to wait, and was canceled.'
  throw new ServiceError('timeout', message, { predictionId: id })
}

async function outputOf(
  context: ApiContext,
  { id, status, output, dataRemoved }: Prediction,
): Promise<string> {
  if (status === 'canceled') {
    throw new ServiceError('prediction_failed', 'The prediction was canceled.', { predictionId: id })
  }
  if (dataRemoved) throw new ServiceError('gone', 'The output is no longer kept.', { predictionId: id })
  const text = await context.payloads.read(output)
  if (text === null) throw new Error(`prediction ${id} succeeded without an output`)
  return text
}

async function untilEnd(
  context: CallerContext,
  c: Context<ApiEnv>,
  { prediction }: Created,
  request: InferRequest,
  idempotency: Idempotency,
): Promise<Prediction> {
  const seconds = waitSeconds(request, context.settings.AUGUR_MAX_WAIT_SECONDS)
  const held = await holdCreated(context, c, prediction, seconds)
  return isTerminal(held.status) ? held : abandon(context, held, idempotency)
}

function respond(
  c: Context<ApiEnv>,
  body: InferResponse,
  bytes: EncodedOutputs['binary'],
  headers: Record<string, string>,
): Response {
  const text = JSON.stringify(body)
  if (bytes.length === 0) return jsonResponse(c, text, 200, headers)
  const head = Buffer.from(text)
  return new Response(Buffer.concat([head, ...bytes]), {
    headers: {
      ...guards,
      'content-type': binary,
      [headerLengthName]: String(head.length),
      ...requestHeaders(c),
      ...headers,
    },
  })
}

async function answerInfer(api: ApiContext, c: Context<ApiEnv>): Promise<Response> {
  const context = asCaller(api, c, 'predict', produced)
  context.waiting.refuseTooMany(context.tenant)
  const body = await readSplitBody(c, context.jsonLimits)
  const request = validBody(inferRequest, body.json)
  const idempotency = idempotencyOf(c, () => sameAs(body))
  const { version, wanted, created } =
    (await findInfer(context, request, idempotency)) ??
    (await beginInfer(context, c, request, body.binary, idempotency))
  const prediction = await untilEnd(context, c, created, request, idempotency)
  refuseFailed(prediction)
  const { outputs, binary: bytes } = encodeOutputs(await outputOf(context, prediction), wanted)
  const { id } = request
  const response = {
    ...(id !== undefined && { id }),
    model_name: version.model,
    model_version: version.label,
    outputs,
  }
  return respond(c, response, bytes, {
    'x-augur-prediction-id': prediction.id,
    ...(created.replayed && { 'idempotency-replayed': 'true' }),
  })
}

export function inferRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  const read = readUntypedBody({ ...context.bodyLimits, accept: [json, binary] })
  for (const definition of inferPaths) {
    // Validated by hand: Hono's validators know routes with one kind of body.
    routes.openAPIRegistry.registerPath(definition)
    routes.post(definition.getRoutingPath(), needs('predict', produced), read, (c) => answerInfer(context, c))
  }
  return routes
}
