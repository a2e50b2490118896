import { testVersion } from '@augur/test-support/test-context'
import { describe, expect, test } from 'vitest'
import { Catalogue, type CatalogueVersion } from '../models/catalogue.js'
import type { PresentVersion, VersionState } from '../models/presence.js'
import type { RepositoryProblem } from '../models/repository-problem.js'
import { judgeVersion } from './judge-version.js'

const version: CatalogueVersion = { ...testVersion, publishedAt: 0 }
const removed: CatalogueVersion = { ...version, removedAt: 1000 }
const other: CatalogueVersion = { ...version, id: 'ef'.repeat(32), publishedAt: 1 }
const limits = { drainMs: 100, rememberMs: 50 }

interface Situation {
  of?: CatalogueVersion
  open?: number
  nowMs?: number
  states?: [CatalogueVersion, VersionState][]
  covers?: string[] | undefined
  problems?: RepositoryProblem[]
}

function judge({ of = version, open = 0, nowMs = 1000, states = [], problems = [], ...rest }: Situation) {
  const covers = 'covers' in rest ? rest.covers : []
  const versions = states.map(
    ([{ id, model, label }, state]): PresentVersion => ({ id, model, label, state }),
  )
  const catalogue = new Catalogue([of, other], [{ worker: 'w', covers, versions, problems }])
  return judgeVersion(catalogue, of, open, { ...limits, nowMs })
}

test('a version that a worker has is kept, whatever was said of it', () => {
  for (const state of ['loading', 'ready', 'crash_looping', 'load_failed'] as const) {
    expect(judge({ of: removed, open: 3, nowMs: 9999, states: [[version, state]] })).toBe('keep')
  }
})

describe('a version without a worker', () => {
  test('is kept for as long as something waits for it: its worker may only be away', () => {
    expect(judge({ open: 1, nowMs: 1e12 })).toBe('keep')
  })

  test('is kept while no worker is there that is to serve it and has looked', () => {
    expect(judge({ covers: ['augur/another'] })).toBe('keep')
    expect(judge({ covers: undefined })).toBe('keep')
  })

  test('was removed when workers that are to serve it do not have it', () => {
    expect(judge({})).toBe('mark')
    expect(judge({ covers: ['test'] })).toBe('mark')
  })

  test('was removed when another version is served under its label, also while something waits for it', () => {
    expect(judge({ open: 2, states: [[other, 'ready']] })).toBe('mark')
    expect(judge({ open: 2, states: [[other, 'loading']] })).toBe('keep')
  })

  test('was removed when it is unloaded', () => {
    expect(judge({ open: 2, states: [[version, 'stopped']] })).toBe('mark')
  })

  test('is kept while its folder is merely broken', () => {
    const { model, label } = version
    const problem = {
      code: 'invalid_manifest',
      model,
      label,
      file: 'manifest.json',
      reason: 'is not JSON',
    } as const
    expect(judge({ problems: [problem] })).toBe('keep')
  })
})

describe('a removed version', () => {
  test('ends what waits for it after the drain time, not before', () => {
    expect(judge({ of: removed, open: 1, nowMs: 1099 })).toBe('keep')
    expect(judge({ of: removed, open: 1, nowMs: 1100 })).toBe('end')
    expect(judge({ of: removed, open: 1, nowMs: 1100, states: [[version, 'stopped']] })).toBe('end')
  })

  test('ends only what nobody began while a worker lets what it runs finish', () => {
    const draining = { states: [[version, 'draining']] as [CatalogueVersion, VersionState][], open: 2 }
    expect(judge({ of: removed, nowMs: 1099, ...draining })).toBe('keep')
    expect(judge({ of: removed, nowMs: 1100, ...draining })).toBe('end-waiting')
    expect(judge({ of: version, nowMs: 9999, ...draining })).toBe('keep')
    expect(judge({ of: removed, nowMs: 9999, states: draining.states })).toBe('keep')
  })

  test('is forgotten some time after that, when nothing is open', () => {
    expect(judge({ of: removed, nowMs: 1149 })).toBe('keep')
    expect(judge({ of: removed, nowMs: 1150 })).toBe('forget')
    expect(judge({ of: removed, open: 1, nowMs: 9999 })).toBe('end')
  })

  test('stays known while it could be loaded again', () => {
    expect(judge({ of: removed, nowMs: 9999, states: [[version, 'stopped']] })).toBe('keep')
  })
})
