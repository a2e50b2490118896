import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Rig } from './rig.js'

const preload = new URL('./watch-dials.js', import.meta.url).href

interface Dial {
  kind: 'dial'
  address: string
  port: number
  isOpen: boolean
}
interface LookUp {
  kind: 'lookup'
  name: string
  found: string[]
}

/** Whom processes of a rig dial, and what names mean to them. */
export class Dials {
  private readonly path: string
  private readonly namesPath: string

  constructor(rig: Rig) {
    this.path = join(rig.options.folder, 'dials.jsonl')
    this.namesPath = join(rig.options.folder, 'names.json')
  }

  /** What a process is started with so that it is watched. It may dial these ports of this machine, and nobody else. */
  env(openPorts: readonly number[]): Record<string, string> {
    return {
      NODE_OPTIONS: `--import ${preload}`,
      CHAOS_DIALS: this.path,
      CHAOS_NAMES: this.namesPath,
      CHAOS_OPEN_PORTS: openPorts.join(','),
    }
  }

  /** From now on each name resolves to these, one answer after the other; `*` is any other name. */
  async name(names: Record<string, string[][]>): Promise<void> {
    await writeFile(this.namesPath, JSON.stringify(names))
  }

  /** Dials to others than the open ports. */
  async dialled(): Promise<Dial[]> {
    return (await this.read())
      .filter((line): line is Dial => line.kind === 'dial')
      .filter((dial) => !dial.isOpen)
  }

  async lookups(): Promise<LookUp[]> {
    return (await this.read()).filter((line): line is LookUp => line.kind === 'lookup')
  }

  private async read(): Promise<(Dial | LookUp)[]> {
    const text = await readFile(this.path, 'utf8').catch(() => '')
    return text
      .split('\n')
      .filter(Boolean)
      .map((line): Dial | LookUp => JSON.parse(line))
  }
}
