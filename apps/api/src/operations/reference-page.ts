import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { problems } from '../problem.js'

/** The API reference: Swagger UI from its package, so that a browser asks no other host for anything. */
export interface ReferencePage {
  script: Uint8Array<ArrayBuffer>
  style: Uint8Array<ArrayBuffer>
}

const require = createRequire(import.meta.url)

const readAsset = async (name: string) =>
  new Uint8Array(await readFile(require.resolve(`swagger-ui-dist/${name}`)))

export async function readReferencePage(): Promise<ReferencePage> {
  const [script, style] = await Promise.all([readAsset('swagger-ui-bundle.js'), readAsset('swagger-ui.css')])
  return { script, style }
}

/** Nothing from elsewhere, and no inline scripts. Swagger UI styles its elements inline. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const page = (title: string, head: string, body: string) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>${head}</head><body>${body}</body></html>`

export const referenceHtml = page(
  'Augur API reference',
  '<link rel="stylesheet" href="/docs/swagger-ui.css">',
  '<div id="reference"></div><script src="/docs/swagger-ui.js"></script><script src="/docs/start.js"></script>',
)

export const startScript = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#reference', validatorUrl: null })`

const errorRows = Object.entries(problems)
  .map(
    ([code, { status, title }]) =>
      `<tr id="${code}"><td>${code}</td><td>${status}</td><td>${title}</td></tr>`,
  )
  .join('')

/** Where the `type` of a problem leads. */
export const errorsHtml = page('Augur errors', '', `<h1>Errors</h1><table>${errorRows}</table>`)
