import { ServiceError } from '@augur/core/errors'
import { isPredictionId } from '@augur/core/ids'

/** Callers need not know that a cursor is the last id of the page before. */
export function toCursor(id: string): string {
  return Buffer.from(id).toString('base64url')
}

/** @throws ServiceError `invalid_request` for a cursor that `toCursor` did not make */
export function fromCursor(cursor: string, isId: (text: string) => boolean = isPredictionId): string {
  const id = Buffer.from(cursor, 'base64url').toString('latin1')
  if (!isId(id)) throw new ServiceError('invalid_request', 'The cursor is not one of this server.')
  return id
}
