import { ServiceError } from '@augur/core/errors'
import type { CatalogueVersion } from '@augur/core/models/catalogue'
import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { ApiContext } from '../context.js'
import { currentCatalogue } from '../current-catalogue.js'
import { fullName } from '../full-name.js'

interface ModelPath {
  path: string
  params: z.ZodObject
}

const name = z.string().openapi({ description: 'The name alone, where the owner is `augur`.' })
const version = z.string().openapi({ description: 'A label or an id.' })

/** A model as clients write it: `name`, or `owner/name` as two segments (an encoded slash makes it the first kind). */
export const modelPaths: readonly ModelPath[] = [
  { path: '/models/{name}', params: z.object({ name }) },
  { path: '/models/{owner}/{name}', params: z.object({ owner: z.string(), name }) },
]

/** The same, and one version of it. */
export const versionPaths: readonly ModelPath[] = [
  ...modelPaths,
  ...modelPaths.map(({ path, params }) => ({
    path: `${path}/versions/{version}`,
    params: params.extend({ version }),
  })),
]

/** `owner/name` of the model that the path names, whether there is one or not. */
export function modelIn(c: Context): string {
  const given = c.req.param('name') ?? ''
  const owner = c.req.param('owner')
  return owner === undefined ? fullName(given) : `${owner}/${given}`
}

/**
 * The version that the path names, or the stable one of its model.
 * @throws ServiceError `not_found`
 */
export function versionIn(context: ApiContext, c: Context): CatalogueVersion {
  const catalogue = currentCatalogue(context)
  const model = modelIn(c)
  const wanted = c.req.param('version')
  const found = wanted === undefined ? catalogue.stable(model) : catalogue.versionOf(model, wanted)
  if (found !== undefined && catalogue.isOffered(found.id)) return found
  const isKnown = catalogue.versionsOf(model).length > 0
  const reason = isKnown
    ? 'This version is not there, was removed or was unloaded.'
    : 'There is no such model.'
  throw new ServiceError('not_found', reason)
}
