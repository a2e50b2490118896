import { open, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { digestFile } from '@augur/core/models/digest-file'
import { findVersionFolders } from '@augur/core/models/find-version-folders'
import type { Manifest, TensorSpec } from '@augur/core/models/manifest'
import { readModelRepository } from '@augur/core/models/model-repository'
import { z } from 'zod'
import type { Output } from '../output.js'
import { formatJson } from './format-json.js'
import { isMeant } from './is-meant.js'

interface WriteConfig {
  dir: string
  output: Pick<Output, 'line' | 'error'>
}

/** What is looked at of a manifest on its way: the rest is kept as it is, right or wrong. */
const draftSchema = z.looseObject({
  pipeline: z.unknown(),
  files: z.array(z.looseObject({ path: z.string() })).default([]),
})
type Draft = z.infer<typeof draftSchema>

const manifestFile = 'manifest.json'
const modelFile = 'model.onnx'

/**
 * Writes the `manifest.json` of versions that have none, by what their `model.onnx` says; of the others it puts in the
 * digests of their files, and the files that their pipeline names. Returns the exit code.
 */
export async function writeManifests(names: readonly string[], config: WriteConfig): Promise<number> {
  const { dir, output } = config
  const folders = await findVersionFolders(dir)
  const unknown = names.filter((name) => !folders.some((found) => isMeant(found, name)))
  for (const name of unknown) output.error(`${dir} holds no ${name}.`)
  const wanted = folders.filter((found) => names.some((name) => isMeant(found, name)))
  for (const { folder } of wanted) await writeManifest(dir, folder)
  const { problems } = await readModelRepository(dir)
  const faults = problems.filter((problem) => names.some((name) => isMeant(problem, name)))
  for (const { folder } of wanted) output.line(relative(process.cwd(), join(folder, manifestFile)))
  for (const { model, label, file, field = '', reason } of faults)
    output.error([`✗ ${model}:${label} `, file, field, reason].filter(Boolean).join(' '))
  return unknown.length + faults.length === 0 ? 0 : 1
}

async function writeManifest(dir: string, folder: string): Promise<void> {
  const path = join(folder, manifestFile)
  const text = await readFile(path, 'utf8').catch(() => null)
  const given = text === null ? await derived(dir, folder) : draftOf(text)
  // What is wrong with it is told with everything else.
  if (given === null) return
  const files = await digestAll(folder, await listed(folder, given))
  const whole = `${formatJson({ ...given, files })}\n`
  // A worker may look at it at any time.
  await writeFile(`${path}.new`, whole)
  await rename(`${path}.new`, path)
}

function draftOf(text: string): Draft | null {
  try {
    const json: object = JSON.parse(text)
    const { data } = draftSchema.safeParse(json)
    // In its own order.
    return data ? { ...json, ...data } : null
  } catch {
    return null
  }
}

/** The files of a manifest, with those that nobody listed and its pipeline needs. */
async function listed(folder: string, { pipeline, files }: Draft): Promise<Draft['files']> {
  const unlisted = [modelFile, ...textsOf(pipeline)].filter(
    (path) => !files.some((file) => file.path === path),
  )
  const found: string[] = []
  for (const path of new Set(unlisted)) if (await isFile(join(folder, path))) found.push(path)
  return [...files, ...found.map((path) => ({ path }))]
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : []
}

const isFile = async (path: string) => (await stat(path).catch(() => null))?.isFile() === true

/** One that is not there may be fetched from its URL, and keeps the digest that it is known by. */
async function digestAll(folder: string, files: Draft['files']): Promise<Draft['files']> {
  const digested: Draft['files'] = []
  for (const file of files) {
    const handle = await open(join(folder, file.path)).catch(() => null)
    digested.push(handle === null ? file : { ...file, sha256: await digestFile(handle) })
    await handle?.close()
  }
  return digested
}

async function derived(dir: string, folder: string): Promise<Draft | null> {
  const { versions } = await readModelRepository(dir)
  const found = versions.find((version) => version.folder === folder)
  if (!found) return null
  const { inputs, outputs, pipeline, files } = found.manifest
  const batching = isBatched(found.manifest) && { serving: { batching: { maxSize: 32, maxDelayMs: 2 } } }
  const rows = batching ? asRows : (specs: readonly TensorSpec[]) => specs
  return { inputs: rows(inputs), outputs: rows(outputs), pipeline, ...batching, files: [...files] }
}

/** Whether the first dimension of everything is open: then that is the batch. */
function isBatched({ inputs, outputs }: Manifest): boolean {
  return [...inputs, ...outputs].every(({ shape }) => typeof shape?.[0] === 'string')
}

const asRows = (specs: readonly TensorSpec[]) =>
  specs.map((spec) => ({ ...spec, shape: spec.shape && ['N', ...spec.shape.slice(1)] }))
