import { createHash } from 'node:crypto'
import { ServiceError } from '@augur/core/errors'
import type { CatalogueVersion } from '@augur/core/models/catalogue'
import { type Created, findReplay } from '@augur/core/predictions/create-prediction'
import { type Submission, submitPrediction } from '@augur/core/predictions/submit-prediction'
import type { Assigned } from '@augur/core/rollouts/assign-version'
import type { Context } from 'hono'
import type { ApiEnv } from '../api-app.js'
import type { CallerContext } from '../as-caller.js'
import { asNamed, assign } from '../assign.js'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'
import { atRequest } from './at-request.js'
import { type WantedOutput, wantedOutputs } from './infer-response.js'
import { versionIn } from './model-path.js'
import type { InferRequest } from './schemas.js'
import type { SplitBody } from './split-body.js'
import { tensorInputs } from './tensor-inputs.js'

export type Idempotency = Submission['idempotency']

/** The prediction of a request, and what is to be answered of it. */
export interface Begun {
  version: CatalogueVersion
  wanted: WantedOutput[]
  created: Created
}

/** What an earlier request with the same key began; null where none did. */
export async function findInfer(
  context: CallerContext,
  request: InferRequest,
  idempotency: Idempotency,
): Promise<Begun | null> {
  const created = await findReplay(context, idempotency)
  if (created === null) return null
  const version = versionOf(context, created)
  return { version, wanted: wantedOutputs(request, version), created }
}

/** Submits the tensors. */
export async function beginInfer(
  context: CallerContext,
  c: Context<ApiEnv>,
  request: InferRequest,
  binaryTensors: Buffer,
  idempotency: Idempotency,
): Promise<Begun> {
  const named = versionIn(context, c)
  const input = tensorInputs(request, binaryTensors)
  const isNamed = c.req.param('version') !== undefined
  const assigned = isNamed ? asNamed(named) : assign(context, c, named, input)
  // Before anything is created, so that a request for outputs that the version has not is refused whole.
  const wanted = wantedOutputs(request, assigned.version)
  const created = await submit(context, assigned, { request, input }, idempotency)
  if (!created.replayed) return { version: assigned.version, wanted, created }
  const version = versionOf(context, created)
  return { version, wanted: wantedOutputs(request, version), created }
}

interface Tensors {
  request: InferRequest
  input: Record<string, unknown>
}

function submit(
  context: CallerContext,
  assigned: Assigned,
  { request, input }: Tensors,
  idempotency: Idempotency,
): Promise<Created> {
  const submission = {
    ...assigned,
    input,
    class: 'waiting' as const,
    form: 'tensors' as const,
    webhook: null,
    webhookEvents: [],
    idempotency,
  }
  return submitPrediction(context, submission).catch((error: unknown) => {
    throw atRequest(error, request)
  })
}

/** What was asked for, beside the path: the JSON as it reads, and the bytes of tensors. */
export const sameAs = ({ json: given, binary: bytes }: SplitBody) =>
  JSON.stringify([given, createHash('sha256').update(bytes).digest('base64')])

/**
 * The version that answers: the one that an earlier request with the same key was given, whatever the rollout says now.
 * @throws ServiceError `gone` where it is not known any more
 */
function versionOf(context: ApiContext, { prediction }: Created): CatalogueVersion {
  const version = currentCatalogue(context).version(prediction.version)
  if (version) return version
  throw new ServiceError('gone', 'The version that answered the first request with this key was removed.')
}
