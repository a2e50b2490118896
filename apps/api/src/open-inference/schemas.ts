import { datatypes } from '@augur/core/tensors/datatype'
import { z } from '@hono/zod-openapi'

/** More tensors than any model has: beyond it the sender means harm. */
const mostTensors = 1024
const longestText = 1024

const name = z.string().min(1).max(longestText)
const datatype = z.enum(datatypes)
/** More dimensions than any tensor has; the limit is seen before the elements are. */
const shape = z.array(z.int().min(0)).max(64)

/** Parameters that would change what is answered: whoever sends them must not believe that they were heeded. */
const unsupported = ['shared_memory_region', 'classification']

function refuseUnsupported(parameters: Record<string, unknown>, context: z.RefinementCtx): void {
  for (const key of unsupported) {
    if (parameters[key] === undefined) continue
    context.addIssue({ code: 'custom', path: [key], message: 'is not supported' })
  }
}

const requestInput = z
  .object({
    name,
    datatype,
    shape: shape.openapi({ description: 'Of the whole tensor, batch axis included.' }),
    parameters: z
      .looseObject({
        binary_data_size: z
          .int()
          .min(0)
          .optional()
          .openapi({ description: 'Bytes of this tensor behind the JSON, in place of `data`.' }),
      })
      .superRefine(refuseUnsupported)
      .optional(),
    // Its elements are core's to check, once.
    data: z.custom<unknown[]>(Array.isArray, 'must be an array').optional().openapi({
      type: 'array',
      items: {},
      description: 'Elements in row-major order, flat or nested as `shape` says.',
    }),
  })
  .openapi('InferInput')
export type RequestInput = z.infer<typeof requestInput>

const requestOutput = z
  .object({
    name,
    parameters: z
      .looseObject({
        binary_data: z.boolean().optional().openapi({ description: 'Whether it is answered as bytes.' }),
      })
      .superRefine(refuseUnsupported)
      .optional(),
  })
  .openapi('InferRequestedOutput')

/** The JSON of an infer request. Properties that this server does not know are passed over, as the protocol wants. */
export const inferRequest = z
  .object({
    id: z.string().max(longestText).optional().openapi({ description: 'Repeated in the answer.' }),
    parameters: z
      .looseObject({
        timeout: z
          .int()
          .min(0)
          .optional()
          .openapi({ description: 'Longest wait, in microseconds; 0 is as good as none.' }),
        binary_data_output: z
          .boolean()
          .optional()
          .openapi({ description: 'Whether outputs are answered as bytes that do not say themselves.' }),
      })
      .optional(),
    inputs: z.array(requestInput).max(mostTensors),
    outputs: z
      .array(requestOutput)
      .max(mostTensors)
      .optional()
      .openapi({ description: 'Which outputs are answered; all of them by default.' }),
  })
  .openapi('InferRequest')
export type InferRequest = z.infer<typeof inferRequest>

export const inferResponse = z
  .strictObject({
    id: z.string().optional(),
    model_name: z.string(),
    model_version: z.string().openapi({ description: 'The label of the version.' }),
    outputs: z.array(
      z.strictObject({
        name: z.string(),
        datatype,
        shape,
        data: z.array(z.unknown()).optional().openapi({ description: 'Flat, in row-major order.' }),
        parameters: z.strictObject({ binary_data_size: z.int() }).optional(),
      }),
    ),
  })
  .openapi('InferResponse')
export type InferResponse = z.infer<typeof inferResponse>

export const serverMetadata = z
  .strictObject({ name: z.string(), version: z.string(), extensions: z.array(z.string()) })
  .openapi('ServerMetadata')

const tensorMetadata = z
  .strictObject({
    name: z.string(),
    datatype,
    shape: z.array(z.int().min(-1)).openapi({ description: '-1 stands for an open dimension.' }),
  })
  .openapi('TensorMetadata')
export type TensorMetadata = z.infer<typeof tensorMetadata>

export const modelMetadata = z
  .strictObject({
    name: z.string(),
    versions: z.array(z.string()),
    platform: z.string(),
    inputs: z.array(tensorMetadata),
    outputs: z.array(tensorMetadata),
  })
  .openapi('ModelMetadata')
export type ModelMetadata = z.infer<typeof modelMetadata>

export const serverLive = z.strictObject({ live: z.literal(true) }).openapi('ServerLive')
export const serverReady = z.strictObject({ ready: z.literal(true) }).openapi('ServerReady')
export const modelReady = z.strictObject({ name: z.string(), ready: z.literal(true) }).openapi('ModelReady')

export const indexRequest = z
  .object({ ready: z.boolean().optional().openapi({ description: 'Leave out what is not ready.' }) })
  .openapi('RepositoryIndexRequest')

/** States as Triton names them. */
export const repositoryStates = ['READY', 'LOADING', 'UNLOADING', 'UNAVAILABLE'] as const

export const repositoryIndex = z
  .array(
    z.strictObject({
      name: z.string(),
      version: z.string(),
      state: z.enum(repositoryStates),
      reason: z.string(),
    }),
  )
  .openapi('RepositoryIndex')
export type RepositoryIndex = z.infer<typeof repositoryIndex>

export const loadRequest = z.object({ parameters: z.looseObject({}).optional() }).openapi('RepositoryRequest')
export const nothing = z.strictObject({}).openapi('Nothing')
