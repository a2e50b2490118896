import type { StoredFile } from '@augur/core/files/stored-file'
import type { ApiContext } from '../context.js'
import type { WireFile } from './file-schemas.js'

/** A file as it is answered. Its download URL is for whoever holds it. */
export function presentFile(
  { tickets }: Pick<ApiContext, 'tickets'>,
  file: StoredFile,
  baseUrl: string,
): WireFile {
  const { id, name, contentType, sizeBytes, sha256, md5, metadata, tenant, expiresAt } = file
  const ticket = tickets.issue({ purpose: 'file', id, tenant, expiresAt })
  const url = `${baseUrl}/files/${id}`
  return {
    id,
    name,
    content_type: contentType,
    size: sizeBytes,
    etag: md5,
    checksums: { sha256, md5 },
    metadata,
    created_at: new Date(file.createdAt).toISOString(),
    expires_at: new Date(expiresAt).toISOString(),
    urls: { get: url, download: `${url}/download?ticket=${ticket}` },
  }
}
