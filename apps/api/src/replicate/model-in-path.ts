import { ServiceError } from '@augur/core/errors'
import type { Catalogue, CatalogueVersion } from '@augur/core/models/catalogue'

/** The model that a path names. @throws ServiceError `not_found` */
export function modelNamed(catalogue: Catalogue, { owner, name }: { owner: string; name: string }): string {
  const model = `${owner}/${name}`
  if (catalogue.models().includes(model)) return model
  throw new ServiceError('not_found', 'There is no such model.')
}

/** A version of the model that takes new predictions, by its id or label. @throws ServiceError `unknown_version` */
export function versionNamed(catalogue: Catalogue, model: string, reference: string): CatalogueVersion {
  const version = catalogue.versionOf(model, reference)
  if (version && catalogue.isOffered(version.id)) return version
  throw new ServiceError('unknown_version', `${model} has no such version.`)
}
