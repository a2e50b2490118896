import { randomToken } from '@augur/core/ids'
import type { CatalogueVersion } from '@augur/core/models/catalogue'
import { type Assigned, assignVersion } from '@augur/core/rollouts/assign-version'
import type { StickyKey } from '@augur/core/rollouts/rollout'
import type { Context } from 'hono'
import type { ApiEnv } from './api-app.js'
import type { ApiContext } from './context.js'
import { currentCatalogue } from './current-catalogue.js'

/** A version that the request named itself: no rollout has a say in it. */
export const asNamed = (version: CatalogueVersion): Assigned => ({ version, trial: null })

/** The version for a request that names a model only, as the model's rollout divides its traffic. */
export function assign(
  context: Pick<ApiContext, 'catalogue'>,
  c: Context<ApiEnv>,
  stable: CatalogueVersion,
  input: unknown,
): Assigned {
  return assignVersion(currentCatalogue(context), stable, (sticky) => keyOf(c, sticky, input), randomToken)
}

/** Null where the request has nothing to tell its caller by. */
function keyOf(c: Context<ApiEnv>, sticky: StickyKey, input: unknown): string | null {
  if (sticky.from === 'api_key') return c.get('caller').keyId
  if (sticky.from === 'header') return c.req.header(sticky.name) ?? null
  const value: unknown = new Map(Object.entries(Object(input))).get(sticky.field)
  return value === undefined ? null : JSON.stringify(value)
}
