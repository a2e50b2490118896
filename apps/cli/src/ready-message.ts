import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Stack } from './start-stack.js'

const sources = {
  configured: 'from REDIS_URL',
  path: 'private, redis-server of this machine',
  package: 'private, the distribution’s package unpacked',
}

/** The first manifest under `modelsDir` that has an example, the digits before all others. */
function findExample(modelsDir: string): { model: string; input: unknown } | undefined {
  const manifests = readdirSync(modelsDir, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.split(/[\\/]/).length === 3 && path.endsWith('manifest.json'))
    .toSorted((a, b) => Number(b.startsWith('digits')) - Number(a.startsWith('digits')) || a.localeCompare(b))
  for (const path of manifests) {
    const manifest: unknown = JSON.parse(readFileSync(join(modelsDir, path), 'utf8'))
    if (typeof manifest === 'object' && manifest && 'example' in manifest) {
      return { model: `augur/${path.split(/[\\/]/)[0]}`, input: manifest.example }
    }
  }
  return undefined
}

/** One command line that makes a prediction, or nothing where no model has an example. */
export function exampleCommand(apiUrl: string, modelsDir: string, needsKey: boolean): string | undefined {
  try {
    const example = findExample(modelsDir)
    if (!example) return undefined
    const key = needsKey ? ' -H "Authorization: Bearer $AUGUR_API_KEY"' : ''
    const body = JSON.stringify(example).replaceAll("'", `'\\''`)
    return `curl -s ${apiUrl}/api/v1/predict${key} -H 'Content-Type: application/json' -d '${body}'`
  } catch {
    // A folder that cannot be read is reported by the workers, which know more about it.
    return undefined
  }
}

/** Where everything is, and one command to try. */
export function readyMessage(stack: Stack, dataDir: string, example: string | undefined): string {
  const lines = [
    '',
    'Augur is ready.',
    `  API        ${stack.apiUrl}/api/v1`,
    `  Playground ${stack.apiUrl}`,
    `  Reference  ${stack.apiUrl}/docs`,
    `  Metrics    ${stack.apiUrl}/metrics`,
    `  Redis      ${withoutPassword(stack.redisUrl)} (${sources[stack.redisSource]})`,
    `  Data       ${dataDir}`,
    '',
  ]
  if (example) lines.push('Try it:', `  ${example}`, '')
  return [...lines, 'Ctrl-C stops everything.', ''].join('\n')
}

function withoutPassword(url: string): string {
  const shown = new URL(url)
  if (shown.password) shown.password = '***'
  return shown.href
}
