import { ServiceError } from '@augur/core/errors'
import type { CatalogueVersion } from '@augur/core/models/catalogue'
import type { TensorSpec } from '@augur/core/models/manifest'
import { datatypeOf } from '@augur/core/tensors/datatype'
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { type ApiEnv, createRoutes } from '../api-app.js'
import { allow } from '../as-caller.js'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'
import { answer, refusals } from '../documentation.js'
import { jsonResponse } from '../json-response.js'
import { versionIn, versionPaths } from './model-path.js'
import { type ModelMetadata, modelMetadata, modelReady, type TensorMetadata } from './schemas.js'

const openDimension = -1

function presentTensor({ name, type, shape }: TensorSpec): TensorMetadata {
  // The protocol has no word for a tensor of any rank.
  const sizes = shape ?? ['any']
  return {
    name,
    datatype: datatypeOf(type),
    shape: sizes.map((size) => (typeof size === 'number' ? size : openDimension)),
  }
}

function presentModel(versions: readonly CatalogueVersion[], version: CatalogueVersion): ModelMetadata {
  return {
    name: version.model,
    versions: [...new Set(versions.map(({ label }) => label))],
    platform: 'onnxruntime_onnx',
    inputs: version.manifest.inputs.map(presentTensor),
    outputs: version.manifest.outputs.map(presentTensor),
  }
}

/** Metadata and readiness of a model, or of one of its versions. */
export function modelRoutes(context: ApiContext): OpenAPIHono<ApiEnv> {
  const routes = createRoutes()
  for (const { path, params } of versionPaths) {
    const readyPath = createRoute({
      method: 'get',
      path: `${path}/ready`,
      summary: 'Ask whether a model is ready',
      request: { params },
      responses: { 200: answer('It is.', modelReady), ...refusals('not_found', 'no_worker') },
    })
    const metadataPath = createRoute({
      method: 'get',
      path,
      summary: 'Get the tensors that a model takes and gives',
      request: { params },
      responses: { 200: answer('The model.', modelMetadata), ...refusals('not_found') },
    })

    routes.openapi(readyPath, (c) => {
      allow(c, 'read')
      const { id, model } = versionIn(context, c)
      if (!currentCatalogue(context).isServed(id)) {
        throw new ServiceError('no_worker', 'No worker is ready for this model.', { retryAfterSeconds: 1 })
      }
      return jsonResponse(c, JSON.stringify({ name: model, ready: true }))
    })

    routes.openapi(metadataPath, (c) => {
      allow(c, 'read')
      const version = versionIn(context, c)
      const versions = currentCatalogue(context).versionsOf(version.model)
      return jsonResponse(c, JSON.stringify(presentModel(versions, version)))
    })
  }
  return routes
}
