import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { type Findings, summarise } from './findings.js'

interface ReportOptions {
  root: string
  /** What the file's name begins with. */
  name: string
  /** Of the server that was measured with. */
  redisVersion: string
  /** As typed, to repeat it. */
  command: string
  startedAt: Date
}

/** Writes everything that was measured as one JSON file under `bench/reports`; returns the file's path. */
export async function writeReport(
  experiments: Readonly<Record<string, Findings>>,
  options: ReportOptions,
): Promise<string> {
  const { root, name, redisVersion, command, startedAt } = options
  const report = {
    date: startedAt.toISOString(),
    command,
    machine: await machine(root, redisVersion),
    experiments: Object.fromEntries(
      Object.entries(experiments).map(([experiment, found]) => [experiment, entryOf(found)]),
    ),
  }
  const folder = join(root, 'bench/reports')
  await mkdir(folder, { recursive: true })
  const path = join(folder, `${name}-${startedAt.toISOString().slice(0, 19).replaceAll(':', '')}.json`)
  await writeFile(path, `${JSON.stringify(report, null, 2)}\n`)
  return path
}

function entryOf({ title, figures, notes = [], isRight }: Findings) {
  const summaries = figures.map((figure) => {
    const { places: _, ...told } = figure
    return { ...told, summary: summarise(figure) }
  })
  return { title, isRight, notes, figures: summaries }
}

async function machine(root: string, redisVersion: string) {
  const packages = ['bullmq', 'ioredis', 'onnxruntime-node', 'hono', 'undici', 'sharp']
  const versions = await Promise.all(packages.map(async (name) => [name, await versionOf(root, name)]))
  const [cpu] = cpus()
  return {
    cpu: cpu?.model ?? 'unknown',
    cpus: cpus().length,
    memoryBytes: totalmem(),
    versions: { node: process.versions.node, redis: redisVersion, ...Object.fromEntries(versions) },
  }
}

async function versionOf(root: string, name: string): Promise<string> {
  const text = await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
