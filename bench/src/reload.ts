import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startPrivateStack } from '@augur/cli/private-stack'
import { Pool } from 'undici'
import { readProcesses, residentBytesOf } from './cpu.js'
import type { Findings } from './findings.js'
import { quietOutput } from './quiet-output.js'
import { slopeOf } from './statistics.js'

export interface ReloadOptions {
  /** The repository. */
  root: string
  cycles: number
}

const warmUpCycles = 10

/** What loading and unloading a model again and again does to the memory of a worker and its runners. */
export async function measureReload({ root, cycles }: ReloadOptions): Promise<Findings> {
  const modelsDir = await mkdtemp(join(tmpdir(), 'augur-models-'))
  try {
    await cp(join(root, 'models/digits/fp32'), join(modelsDir, 'digits/fp32'), { recursive: true })
    const settings = { AUGUR_WORKERS: '1', AUGUR_MODELS_DIR: modelsDir, AUGUR_LOG_LEVEL: 'warn' }
    const stack = await startPrivateStack({ root, env: process.env, settings, output: quietOutput })
    const pool = new Pool(stack.apiUrl)
    try {
      const worker = stack.running().find(({ name }) => name !== 'api')?.pid
      if (worker === undefined) throw new Error('no worker runs')
      const megabytes: number[] = []
      for (let cycle = 1; cycle <= cycles; cycle++) {
        await change(pool, 'unload')
        await untilGone(pool)
        await change(pool, 'load')
        megabytes.push(residentBytesOf(worker, readProcesses()) / 1e6)
        process.stderr.write(`cycle ${cycle}: ${megabytes.at(-1)?.toFixed(1)} MB\n`)
      }
      return findingsOf(megabytes)
    } finally {
      await pool.close()
      await stack.stop()
    }
  } finally {
    await rm(modelsDir, { recursive: true, force: true })
  }
}

async function change(pool: Pool, kind: 'load' | 'unload'): Promise<void> {
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: `/v2/repository/models/digits/${kind}`,
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  const answer = await body.text()
  if (statusCode !== 200) throw new Error(`${kind} answered ${statusCode}: ${answer}`)
}

/** An answer to `unload` says that nobody is given the model any more; its runner ends a little later. */
async function untilGone(pool: Pool): Promise<void> {
  for (;;) {
    const { body } = await pool.request({ method: 'POST', path: '/v2/repository/index' })
    const index = await body.text()
    if (!index.includes('"UNLOADING"')) return
    await sleep(100)
  }
}

function findingsOf(megabytes: readonly number[]): Findings {
  const late = megabytes.slice(Math.min(warmUpCycles, megabytes.length) - 1)
  return {
    title: `${megabytes.length} cycles of unload and load, resident memory of the worker and its runners`,
    figures: [
      { title: `after cycle ${warmUpCycles}, MB`, places: 1, values: late },
      { title: 'slope after it, MB a cycle', places: 3, values: [slopeOf(late)] },
    ],
    isRight: true,
  }
}
