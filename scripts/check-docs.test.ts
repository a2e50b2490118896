import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { loadConfig } from '@augur/core/config'
import { errorCodes } from '@augur/core/errors'
import { predictionErrorCodes } from '@augur/core/predictions/prediction'
import { createMetrics } from '@augur/core/telemetry/metrics'
import { Counter, Gauge, type Histogram } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { apiSettings } from '../apps/api/src/config.js'
import { problems } from '../apps/api/src/problem.js'
import { cliSettings } from '../apps/cli/src/config.js'
import { workerSettings } from '../apps/worker/src/config.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const isThere = (path: string) => existsSync(join(root, path))

const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.md'))
  .map((path) => `docs/${path}`)
  .concat(
    'README.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'CHANGELOG.md',
    'models/README.md',
    'models/digits/README.md',
    'models/tickets/README.md',
    'packages/client/README.md',
  )

const cellsOf = (row: string) =>
  row
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim().replaceAll('`', ''))

/** Rows of the table with this head, as cells without backticks. */
function tableOf(page: string, head: string): string[][] {
  const [, table] = read(page).split(`\n${head}\n`)
  if (table === undefined) throw new Error(`${page} has no table with the head ${head}`)
  const [, ...lines] = table.split('\n')
  const end = lines.findIndex((line) => !line.startsWith('|'))
  return lines.slice(0, end).map(cellsOf)
}

/** A page with its lines joined, and without fenced blocks: their paths belong to examples. */
const proseOf = (page: string) =>
  read(page)
    .replaceAll(/^```[^]*?^```$/gm, '')
    .replaceAll(/\s+/g, ' ')

describe('.env', () => {
  const env = parseEnv(read('.env'))
  const names: string[] = [...read('.env').matchAll(/^([A-Z0-9_]+)=/gm)].map(([, name = '']) => name)
  const schemas = [apiSettings, workerSettings, cliSettings]

  test('.env lists exactly the settings of all processes', () => {
    const settings = new Set(schemas.flatMap(({ shape }) => Object.keys(shape)))
    expect(names.toSorted()).toEqual([...settings].toSorted())
  })

  test('.env writes down the defaults of the code', () => {
    for (const schema of schemas) expect(loadConfig(schema, env)).toEqual(loadConfig(schema, {}))
  })

  test('.env holds no secret', () => {
    expect([env.AUGUR_API_KEY, env.AUGUR_MASTER_KEY]).toEqual(['', ''])
    const hidden = names.filter((name) => /KEY|SECRET|TOKEN|PASSWORD/.test(name))
    expect(hidden.filter((name) => env[name] !== '')).toEqual([])
    const urls = Object.values(env).filter((value = '') => URL.canParse(value))
    expect(urls.filter((url = '') => new URL(url).password !== '')).toEqual([])
  })

  test('docs/reference/configuration.md says who reads each setting', () => {
    const marks = (name: string) => schemas.map(({ shape }) => (name in shape ? 'yes' : ''))
    const rows = tableOf('docs/reference/configuration.md', '| setting | API | worker | launcher |')
    expect(rows).toEqual(names.toSorted().map((name) => [name, ...marks(name)]))
  })
})

test('every code of a refusal stands in docs/reference/errors.md with its status, and nothing else does', () => {
  const rows = tableOf('docs/reference/errors.md', '| code | status | when | what to do |')
  expect(rows.map(([code, status]) => [code, Number(status)])).toEqual(
    Object.entries(problems).map(([code, { status }]) => [code, status]),
  )
  expect(rows.map(([code]) => code)).toEqual(expect.arrayContaining([...errorCodes]))
})

test('every code of a failed prediction stands in docs/reference/errors.md, and nothing else does', () => {
  const rows = tableOf('docs/reference/errors.md', '| error_code | when | what to do |')
  expect(rows.map(([code]) => code)).toEqual([...predictionErrorCodes])
})

test('every metric stands in docs/reference/metrics.md with its type and labels, and nothing else does', () => {
  const { registry, ...metrics } = createMetrics()
  const known = Object.values(metrics).map(describeMetric)
  const rows = tableOf('docs/reference/metrics.md', '| metric | type | labels | from | meaning |')
  expect(rows.map(([name, type, labels]) => [name, type, labels])).toEqual(known)
  expect(registry.getMetricsAsArray().length).toBeGreaterThan(known.length)
})

test('every command of the CLI stands in docs/reference/cli.md, and nothing else does', () => {
  const [, help = ''] = /^const help = `([^`]*)`/m.exec(read('apps/cli/src/main.ts')) ?? []
  const commands = [...help.matchAll(/^ {2}([a-z-]+) +/gm)].map(([, name]) => name)
  const rows = tableOf('docs/reference/cli.md', '| command | asks | does |')
  expect(rows.map(([name]) => name)).toEqual(commands)
  expect(commands.length).toBeGreaterThan(10)
})

/** Its row in the reference, as far as the code says it. */
function describeMetric(metric: Counter | Gauge | Histogram): string[] {
  const { name, labelNames } = z.object({ name: z.string(), labelNames: z.array(z.string()) }).parse(metric)
  const type = metric instanceof Counter ? 'counter' : metric instanceof Gauge ? 'gauge' : 'histogram'
  return [name, type, labelNames.join(', ')]
}

describe.each(pages)('%s', (page) => {
  const prose = proseOf(page)

  test('every relative link leads to a file, and to a heading of it where it names one', () => {
    const links = [...prose.matchAll(/\]\((?!\w+:)([^)#]*)(?:#([^)]*))?\)/g)]
    const isDead = ([, path = '', heading]: RegExpExecArray) => {
      const target = path === '' ? page : join(dirname(page), path)
      return !isThere(target) || (heading !== undefined && !anchorsOf(target).includes(heading))
    }
    expect(links.filter(isDead).map(([link]) => link)).toEqual([])
  })

  test('every path of the repository exists', () => {
    const spans = [...prose.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span)
    const paths = spans.filter((span) => repositoryPath.test(span))
    expect(paths.filter((path) => !isThere(sourceOf(path)))).toEqual([])
  })

  test('every test that is quoted after its file is in it', () => {
    const quotes = [...prose.matchAll(quotedTests)].flatMap(([, file = '', names = '']) =>
      [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => ({ file, name })),
    )
    const isInFile = ({ file, name }: { file: string; name: string }) =>
      isThere(file) && read(file).includes(`'${name}'`)
    expect(quotes.filter((quote) => !isInFile(quote))).toEqual([])
  })
})

const repositoryPath = /^(?:\.ci|apps|bench|deploy|docs|e2e|models|packages|scripts)\/[\w./-]+$/

/** `file.test.ts` "name", "name" and "name". */
const quotedTests = /`([\w./-]+\.test\.ts)` ("[^"]+"(?:(?:,| and|, and) "[^"]+")*)/g

/** What a built file is built from: a checkout that was not built has no other. */
const sourceOf = (path: string) => path.replace(/\/dist\/(.+)\.js$/, '/src/$1.ts')

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  const headings = [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading)
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  )
}
