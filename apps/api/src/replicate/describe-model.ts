import type { CatalogueVersion } from '@augur/core/models/catalogue'
import { inputJsonSchema, outputJsonSchema } from '@augur/core/models/input-schema'
import { z } from '@hono/zod-openapi'
import { problemMediaType, problemSchema } from '../problem.js'
import { createBody, createByModelBody, predictionSchema } from './schemas.js'

type JsonSchema = Record<string, unknown>

interface DescribeOptions {
  /** Root of the predictions dialect. */
  baseUrl: string
  isKeyNeeded: boolean
  /** The version itself, whatever a rollout says; else the model, whose traffic this version has. */
  isPinned: boolean
}

/** OpenAPI of one model or version: its create with its own input, and its prediction with its own output. */
export function describeModel(version: CatalogueVersion, options: DescribeOptions): object {
  const { model, label, id, manifest } = version
  const { baseUrl, isKeyNeeded, isPinned } = options
  const path = isPinned ? '/predictions' : `/models/${model}/predictions`
  const { example } = manifest
  return {
    openapi: '3.1.0',
    info: {
      title: model,
      version: label,
      ...(manifest.description && { description: manifest.description }),
    },
    servers: [{ url: baseUrl }],
    ...(isKeyNeeded && { security: [{ apiKey: [] }] }),
    paths: { [path]: { post: operation(`Create a prediction of ${model} ${isPinned ? label : ''}`.trim()) } },
    components: {
      schemas: {
        Input: { title: 'Input', ...inputJsonSchema(manifest), ...(example && { examples: [example] }) },
        Output: { title: 'Output', ...outputJsonSchema(manifest) },
        NewPrediction: newPrediction(isPinned ? id : null),
        Prediction: prediction(),
        Problem: schemaOf(problemSchema),
      },
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } },
    },
  }
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const json = (name: string) => ({ 'application/json': { schema: ref(name) } })

function operation(summary: string): object {
  const refused = { description: 'Refused.', content: { [problemMediaType]: { schema: ref('Problem') } } }
  return {
    operationId: 'createPrediction',
    summary,
    parameters: [
      {
        name: 'Prefer',
        in: 'header',
        schema: { type: 'string' },
        description: '`wait` or `wait=n`: seconds.',
      },
      { name: 'Idempotency-Key', in: 'header', schema: { type: 'string' } },
    ],
    requestBody: { required: true, content: json('NewPrediction') },
    responses: {
      201: { description: 'Created, and ended if it was waited for.', content: json('Prediction') },
      202: { description: 'Created, and not ended within the time to wait.', content: json('Prediction') },
      default: refused,
    },
  }
}

function newPrediction(version: string | null): JsonSchema {
  const schema = schemaOf(version === null ? createByModelBody : createBody)
  const properties = propertiesOf(schema)
  return {
    ...schema,
    properties: {
      ...properties,
      input: ref('Input'),
      ...(version !== null && { version: { const: version } }),
    },
  }
}

function prediction(): JsonSchema {
  const schema = schemaOf(predictionSchema)
  return {
    ...schema,
    properties: {
      ...propertiesOf(schema),
      input: ref('Input'),
      output: { anyOf: [ref('Output'), { type: 'null' }] },
    },
  }
}

function schemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return rest
}

const propertiesOf = ({ properties }: JsonSchema): JsonSchema =>
  z.record(z.string(), z.unknown()).parse(properties)
