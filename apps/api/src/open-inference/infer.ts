import { ServiceError } from '@augur/core/errors'
import { cancelPrediction } from '@augur/core/predictions/cancel-prediction'
import { isTerminal, type Prediction } from '@augur/core/predictions/prediction'
import { submitPrediction } from '@augur/core/predictions/submit-prediction'
import type { Assigned } from '@augur/core/rollouts/assign-version'
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type ApiEnv, createRoutes, validBody } from '../api-app.js'
import { asCaller, type CallerContext } from '../as-caller.js'
import { asNamed, assign } from '../assign.js'
import type { ApiContext } from '../context.js'
import { refusals } from '../documentation.js'
import { holdCreated } from '../hold.js'
import { jsonResponse } from '../json-response.js'
import { needs } from '../middleware/needs.js'
import { refuseFailed } from '../refuse-failed.js'
import { atRequest } from './at-request.js'
import { encodeOutputs, type EncodedOutputs, wantedOutputs } from './infer-response.js'
import { versionIn, versionPaths } from './model-path.js'
import { readUntypedBody } from './read-untyped-body.js'
import { type InferRequest, type InferResponse, inferRequest, inferResponse } from './schemas.js'
import { headerLengthName, readSplitBody } from './split-body.js'
import { tensorInputs } from './tensor-inputs.js'

const json = 'application/json'
const binary = 'application/octet-stream'
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
        'invalid_request',
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
      ),
    },
  }),
)

function waitSeconds({ parameters }: InferRequest, mostSeconds: number): number {
  const { timeout = 0 } = parameters ?? {}
  return timeout === 0 ? mostSeconds : Math.min(timeout / 1e6, mostSeconds)
}

/** Cancels what nobody waits for any more: this protocol has no way to fetch it later. */
async function abandon(context: CallerContext, { id }: Prediction): Promise<Prediction> {
  const last = await cancelPrediction(context, id)
  if (last.status !== 'canceled') return last
  if (context.waiting.isStopped) {
    throw new ServiceError('unavailable', 'The server is shutting down.', { retryAfterSeconds: 1 })
  }
  const message = 'The prediction did not end within the time to wait, and was canceled.'
  throw new ServiceError('timeout', message, { predictionId: id })
}

async function outputOf(context: ApiContext, { id, status, output }: Prediction): Promise<string> {
  if (status === 'canceled') {
    throw new ServiceError('prediction_failed', 'The prediction was canceled.', { predictionId: id })
  }
  const text = await context.payloads.read(output)
  if (text === null) throw new Error(`prediction ${id} succeeded without an output`)
  return text
}

/** Submits the tensors and waits for the end. */
async function predict(
  context: CallerContext,
  c: Context<ApiEnv>,
  assigned: Assigned,
  { request, input }: { request: InferRequest; input: Record<string, unknown> },
): Promise<Prediction> {
  const submission = {
    ...assigned,
    input,
    class: 'waiting' as const,
    form: 'tensors' as const,
    webhook: null,
    webhookEvents: [],
    idempotency: null,
  }
  const { prediction } = await submitPrediction(context, submission).catch((error: unknown) => {
    throw atRequest(error, request)
  })
  const seconds = waitSeconds(request, context.settings.AUGUR_MAX_WAIT_SECONDS)
  const held = await holdCreated(context, c, prediction, seconds)
  return isTerminal(held.status) ? held : abandon(context, held)
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
      'content-type': binary,
      [headerLengthName]: String(head.length),
      'x-request-id': c.get('requestId'),
      ...headers,
    },
  })
}

async function answerInfer(api: ApiContext, c: Context<ApiEnv>): Promise<Response> {
  const context = asCaller(api, c, 'predict')
  const named = versionIn(context, c)
  const body = await readSplitBody(c)
  const request = validBody(inferRequest, body.json)
  const input = tensorInputs(request, body.binary)
  const isNamed = c.req.param('version') !== undefined
  const assigned = isNamed ? asNamed(named) : assign(context, c, named, input)
  const { version } = assigned
  const wanted = wantedOutputs(request, version)
  const prediction = await predict(context, c, assigned, { request, input })
  refuseFailed(prediction)
  const { outputs, binary: bytes } = encodeOutputs(await outputOf(context, prediction), wanted)
  const { id } = request
  const response = {
    ...(id !== undefined && { id }),
    model_name: version.model,
    model_version: version.label,
    outputs,
  }
  return respond(c, response, bytes, { 'x-augur-prediction-id': prediction.id })
}

export function inferRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  const read = readUntypedBody({ maxBytes: context.settings.AUGUR_MAX_BODY_BYTES, accept: [json, binary] })
  for (const definition of inferPaths) {
    // Validated by hand: Hono's validators know routes with one kind of body.
    routes.openAPIRegistry.registerPath(definition)
    routes.post(definition.getRoutingPath(), needs('predict'), read, (c) => answerInfer(context, c))
  }
  return routes
}
