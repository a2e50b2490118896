import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { manifestSchema } from '@augur/core/models/manifest'
import { describe, expect, test } from 'vitest'
import { loadVersion } from './runner/load-version.js'
import { type Model, runMicroBatch } from './runner/run-micro-batch.js'

const models = fileURLToPath(new URL('../../../models', import.meta.url))

interface Row {
  input: object
  label: string
}

async function readRows(name: string): Promise<Row[]> {
  const text = await readFile(`${models}/${name}/heldout.jsonl`, 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** The figure of the first table of a model's README: how many of the held-out inputs a version gets right. */
async function readFigure(name: string, label: string): Promise<number> {
  const readme = await readFile(`${models}/${name}/README.md`, 'utf8')
  const [, right] = new RegExp(`\\| \`${label}\` \\| [\\d.]+ % \\| (\\d+) of \\d+ \\|`).exec(readme) ?? []
  return Number(right)
}

async function load(name: string, label: string): Promise<Model> {
  const folder = `${models}/${name}/${label}`
  const manifest = manifestSchema.parse(JSON.parse(await readFile(`${folder}/manifest.json`, 'utf8')))
  const loaded = await loadVersion(folder, manifest, { providers: ['cpu'], threads: 1 })
  if (!loaded.ok) throw new Error(loaded.reason)
  return loaded.model
}

async function labelsOf(model: Model, rows: readonly Row[], size: number): Promise<string[]> {
  const labels: string[] = []
  for (let start = 0; start < rows.length; start += size) {
    const inputs = rows
      .slice(start, start + size)
      .map(({ input }) => ({ form: 'pipeline' as const, json: JSON.stringify(input) }))
    const { results } = await runMicroBatch(model, inputs)
    labels.push(...results.map((result) => (result.ok ? JSON.parse(result.output).label : result.message)))
  }
  return labels
}

describe.each([
  ['digits', 'fp32'],
  ['digits', 'int8'],
  ['tickets', 'fp32'],
  ['tickets', 'int8'],
])('%s:%s', (name, label) => {
  test('answers the held-out inputs as its README says, joined or one by one', async () => {
    const rows = await readRows(name)
    const model = await load(name, label)
    const joined = await labelsOf(model, rows, 16)
    expect(joined).toEqual(await labelsOf(model, rows, 1))
    const right = joined.filter((answer, index) => answer === rows[index]?.label).length
    // Another processor may round a few scores the other way.
    expect(Math.abs(right - (await readFigure(name, label)))).toBeLessThanOrEqual(rows.length / 100)
    await model.session.release()
  })
})
