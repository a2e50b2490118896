import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, extname } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

type Bytes = Uint8Array<ArrayBuffer>

export interface Asset {
  type: string
  bytes: Bytes
  /** The same, as browsers like it better. */
  gzipped: Bytes
}

/** What a browser shows of the server. */
export interface Playground {
  page: Asset
  /** By name; a name holds a hash of its file. */
  assets: ReadonlyMap<string, Asset>
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

const pageName = 'index.html'
const compress = promisify(gzip)
const require = createRequire(import.meta.url)

async function readAsset(path: string): Promise<Asset> {
  const bytes = new Uint8Array(await readFile(path))
  const type = types[extname(path)] ?? 'application/octet-stream'
  return { type, bytes, gzipped: new Uint8Array(await compress(bytes)) }
}

/** The playground as it was built into `folder`, by default that of its package; null where it was not built. */
export async function readPlayground(folder = builtFolder()): Promise<Playground | null> {
  const names = folder === null ? [] : await readdir(folder).catch(() => [])
  if (folder === null || !names.includes(pageName)) return null
  const files = await Promise.all(
    names.map(async (name) => [name, await readAsset(`${folder}/${name}`)] as const),
  )
  const assets = new Map(files)
  const page = assets.get(pageName)
  assets.delete(pageName)
  return page ? { page, assets } : null
}

function builtFolder(): string | null {
  try {
    return dirname(require.resolve(`@augur/playground/${pageName}`))
  } catch {
    return null
  }
}
