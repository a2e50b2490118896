import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fault } from './repository-problem.js'

/** A folder that means to be a version, served or not. */
export interface VersionFolder {
  /** `owner/name`. */
  model: string
  label: string
  folder: string
  /** Why it cannot be one. */
  refusal?: Fault
}

const owner = 'augur'
const folderName = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/

/** The `<model>/<label>` folders of a model repository, by name. Hidden folders and folders of other things are left out. */
export async function findVersionFolders(dir: string): Promise<VersionFolder[]> {
  const models = await listFolders(dir)
  return (await Promise.all(models.map((model) => findVersionsOf(dir, model)))).flat()
}

async function findVersionsOf(dir: string, model: Dirent): Promise<VersionFolder[]> {
  const name = `${owner}/${model.name}`
  const labels = await listFolders(join(dir, model.name)).catch(explainUnreadable)
  if (!Array.isArray(labels))
    return [{ model: name, label: '', folder: join(dir, model.name), refusal: labels }]
  const found: VersionFolder[] = []
  if (await holdsVersion(join(dir, model.name)))
    found.push({ model: name, label: '', folder: join(dir, model.name), refusal: withoutLabel })
  for (const label of labels) {
    const folder = join(dir, model.name, label.name)
    if (!(await holdsVersion(folder))) continue
    const refusal = refuse(model) ?? refuse(label)
    found.push({ model: name, label: label.name, folder, ...(refusal && { refusal }) })
  }
  return found
}

/** Links count, so that one in place of a version is reported and not passed over in silence. */
async function listFolders(dir: string): Promise<Dirent[]> {
  const entries = await readdir(dir, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .filter((entry) => !entry.name.startsWith('.'))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

const withoutLabel: Fault = {
  code: 'invalid_manifest',
  file: '.',
  reason: 'lies in the folder of the model: a version needs a folder of its own in it, such as 1/',
}

/** A link to a file is nobody's model; whatever else cannot be listed may well be meant as one. */
function explainUnreadable(error: NodeJS.ErrnoException): Dirent[] | Fault {
  return error.code === 'ENOTDIR' ? [] : unsafe('the folder cannot be read')
}

async function holdsVersion(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((): string[] => [])
  return names.includes('manifest.json') || names.includes('model.onnx')
}

function refuse(entry: Dirent): Fault | undefined {
  if (entry.isSymbolicLink()) return unsafe(`the folder ${entry.name} is a symbolic link`)
  if (!folderName.test(entry.name))
    return unsafe('folder names hold letters, digits, ".", "_" and "-", at most 64 of them')
  return undefined
}

function unsafe(reason: string): Fault {
  return { code: 'unsafe_file', file: '.', reason }
}
