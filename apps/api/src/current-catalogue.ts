import { ServiceError } from '@augur/core/errors'
import type { Catalogue } from '@augur/core/models/catalogue'
import type { ApiContext } from './context.js'

/** @throws ServiceError `unavailable` until the catalogue was read for the first time */
export function currentCatalogue({ catalogue }: Pick<ApiContext, 'catalogue'>): Catalogue {
  if (catalogue.current) return catalogue.current
  throw new ServiceError('unavailable', 'The model catalogue was not read yet.', { retryAfterSeconds: 1 })
}
