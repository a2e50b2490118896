import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { type Comparison, compareFigure, type ComparedFigure } from './comparison.js'
import { figureNames, figures } from './figures.js'
import { type Mode, modes } from './load.js'

export type Results = Record<Mode, Comparison>

const titleWidth = 30
const columnWidth = 12

function row(title: string, { augur, yardstick, ratio }: ComparedFigure, places: number): string {
  const format = (value: number) =>
    value
      .toLocaleString('en-US', { minimumFractionDigits: places, maximumFractionDigits: places })
      .padStart(columnWidth)
  const range = ratio
    ? `${ratio.median.toFixed(2)}  (${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)})`
    : '-'
  return `  ${title.padEnd(titleWidth)}${format(augur)}${format(yardstick)}   ${range}`
}

function section(mode: Mode, comparison: Comparison): string {
  const names = ['augur', 'yardstick'].map((name) => name.padStart(columnWidth)).join('')
  const head = `  ${`by ${mode}`.padEnd(titleWidth)}${names}   ratio, median (range)`
  const rows = figureNames.map((name) => {
    const { title, places } = figures[name]
    return row(title, compareFigure(name, comparison), places)
  })
  return [head, ...rows].join('\n')
}

/** The table for people: medians over the rounds. */
export function tableOf(results: Results): string {
  return modes.map((mode) => section(mode, results[mode])).join('\n\n')
}

async function versionOf(root: string, name: string): Promise<string> {
  const text = await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

async function machine(root: string, redisVersion: string) {
  const packages = ['bullmq', 'ioredis', 'onnxruntime-node', 'hono', 'undici']
  const versions = await Promise.all(packages.map(async (name) => [name, await versionOf(root, name)]))
  const [cpu] = cpus()
  return {
    cpu: cpu?.model ?? 'unknown',
    cpus: cpus().length,
    versions: { node: process.versions.node, redis: redisVersion, ...Object.fromEntries(versions) },
  }
}

interface ReportOptions {
  root: string
  redisVersion: string
  /** As typed, to repeat it. */
  command: string
  at: Date
}

/** Writes everything that was measured as JSON under `bench/reports`; returns the file's path. */
export async function writeReport(results: Results, options: ReportOptions): Promise<string> {
  const { root, redisVersion, command, at } = options
  const report = {
    date: at.toISOString(),
    command,
    machine: await machine(root, redisVersion),
    results: Object.fromEntries(modes.map((mode) => [mode, resultOf(results[mode])])),
  }
  const folder = join(root, 'bench/reports')
  await mkdir(folder, { recursive: true })
  const path = join(folder, `singles-${at.toISOString().slice(0, 19).replaceAll(':', '')}.json`)
  await writeFile(path, `${JSON.stringify(report, null, 2)}\n`)
  return path
}

function resultOf(comparison: Comparison) {
  const names = ['augur', 'yardstick'] as const
  return {
    summary: Object.fromEntries(figureNames.map((name) => [name, compareFigure(name, comparison)])),
    rounds: Object.fromEntries(names.map((name) => [name, comparison[name].map(roundOf)])),
  }
}

function roundOf(round: Comparison['augur'][number]) {
  const values = figureNames.map((name) => [name, figures[name].of(round)] as const)
  return { ...Object.fromEntries(values), redisCommandsByName: round.cost.commands }
}
