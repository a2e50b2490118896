import { testVersion } from '@augur/test-support/test-context'
import { describe, expect, test } from 'vitest'
import { Catalogue, type CatalogueVersion } from './catalogue.js'
import type { PresentVersion, VersionState, WorkerPresence } from './presence.js'
import type { RepositoryProblem } from './repository-problem.js'

const idOf = (letter: string) => letter.repeat(64)

function version(letter: string, label: string, publishedAt: number, more: Partial<CatalogueVersion> = {}) {
  return { ...testVersion, id: idOf(letter), label, publishedAt, ...more }
}

function present(letter: string, label: string, state: VersionState, more: Partial<PresentVersion> = {}) {
  return { id: idOf(letter), model: testVersion.model, label, state, ...more }
}

function worker(versions: PresentVersion[], problems: RepositoryProblem[] = []): WorkerPresence {
  return { worker: 'w', covers: [], versions, problems }
}

const { model } = testVersion
const baseline = { manifest: { ...testVersion.manifest, baseline: '1' } }

describe('a label that goes from one id to another', () => {
  const [old, fresh] = [version('a', '1', 1), version('b', '1', 2)]
  const resolves = (...states: PresentVersion[]) =>
    new Catalogue([old, fresh], [worker(states)]).resolve(`${model}:1`).id

  test('is that of the newest version that is served', () => {
    expect(resolves(present('a', '1', 'draining'), present('b', '1', 'ready'))).toBe(fresh.id)
    expect(resolves(present('a', '1', 'ready'), present('b', '1', 'load_failed'))).toBe(old.id)
    expect(resolves(present('a', '1', 'ready'), present('b', '1', 'ready'))).toBe(fresh.id)
  })

  test('goes back with the old files, however much older they are', () => {
    expect(resolves(present('a', '1', 'ready'), present('b', '1', 'draining'))).toBe(old.id)
    const removed = new Catalogue([old, { ...fresh, removedAt: 3 }], [worker([present('a', '1', 'ready')])])
    expect(removed.resolve(`${model}:1`).id).toBe(old.id)
    expect(removed.stable(model)?.id).toBe(old.id)
    expect(removed.resolve('1').id).toBe(old.id)
  })

  test('takes traffic by model with it', () => {
    const states = [present('a', '1', 'ready'), present('b', '1', 'load_failed')]
    expect(new Catalogue([old, fresh], [worker(states)]).stable(model)?.id).toBe(old.id)
  })
})

describe('stable', () => {
  test('is the newest version that is no optimisation of another, also while its worker is away', () => {
    const versions = [version('a', '1', 1), version('b', '2', 2), version('c', '3', 3, baseline)]
    expect(new Catalogue(versions, []).stable(model)?.label).toBe('2')
    const loading = worker([present('a', '1', 'ready'), present('b', '2', 'loading')])
    expect(new Catalogue(versions, [loading]).stable(model)?.label).toBe('2')
  })

  test('goes by label as by number where versions are of one age', () => {
    const versions = [version('a', '9', 1), version('b', '10', 1), version('c', '8', 1)]
    expect(new Catalogue(versions, []).stable(model)?.label).toBe('10')
  })

  test('is none where only an optimisation is left', () => {
    const catalogue = new Catalogue([version('c', '3', 3, baseline)], [])
    expect(catalogue.stable(model)).toBeUndefined()
    expect(() => catalogue.resolve(model)).toThrow('no such version')
  })
})

describe('a version on its way out', () => {
  const one = version('a', '1', 1)
  const catalogue = (...states: VersionState[]) =>
    new Catalogue(
      [one],
      states.map((state) => worker([present('a', '1', state)])),
    )

  test('takes new predictions only while another worker goes on serving it', () => {
    expect(catalogue('draining', 'ready').resolve(one.id)).toBe(one)
    for (const reference of [one.id, model, `${model}:1`, `${model}:${one.id}`, '1']) {
      expect(() => catalogue('draining').resolve(reference)).toThrow('removed or unloaded')
      expect(() => catalogue('stopped', 'draining').resolve(reference)).toThrow('removed or unloaded')
    }
  })

  test('is shown until no worker has it, and takes nothing once it is gone', () => {
    const removed = { ...one, removedAt: 5 }
    const draining = new Catalogue([removed], [worker([present('a', '1', 'draining')])])
    expect(draining.versionOf(model, '1')?.id).toBe(one.id)
    expect(draining.models()).toEqual([model])
    const gone = new Catalogue([removed], [worker([])])
    expect(gone.models()).toEqual([])
    expect(gone.versionOf(model, one.id)).toBeUndefined()
    expect(() => gone.resolve(one.id)).toThrow('removed or unloaded')
    expect(gone.all).toHaveLength(1)
  })

  test('that was not removed waits for its workers', () => {
    expect(catalogue().resolve(model)).toBe(one)
    expect(catalogue('loading').resolve(model)).toBe(one)
  })
})

describe('what is not served', () => {
  const problem: RepositoryProblem = {
    code: 'invalid_manifest',
    model,
    label: '2',
    file: 'manifest.json',
    reason: 'is not JSON',
  }
  const failed = present('b', '1', 'load_failed', {
    code: 'checksum_mismatch',
    reason: 'model.onnx is another',
  })

  test('is told once, however many workers report it', () => {
    const workers = [worker([present('a', '1', 'ready'), failed], [problem]), worker([failed], [problem])]
    const catalogue = new Catalogue([version('a', '1', 1)], workers)
    expect(catalogue.stateOfModel(model)).toBe('ready')
    expect(catalogue.problemsOf(model)).toEqual([
      {
        label: '1',
        id: idOf('b'),
        state: 'load_failed',
        code: 'checksum_mismatch',
        reason: 'model.onnx is another',
      },
      {
        label: '2',
        id: null,
        state: 'load_failed',
        code: 'invalid_manifest',
        reason: 'is not JSON',
        file: 'manifest.json',
      },
    ])
    expect(catalogue.problemsOf('augur/other')).toEqual([])
  })

  test('makes a model that never was served known', () => {
    const catalogue = new Catalogue([], [worker([failed], [problem])])
    expect(catalogue.models()).toEqual([model])
    expect(catalogue.stateOfModel(model)).toBe('load_failed')
  })

  test('shows how far it has come while it is loaded', () => {
    const progress = { doneBytes: 5, totalBytes: 10 }
    const workers = [
      worker([present('a', '1', 'loading', { progress: { ...progress, doneBytes: 1 } })]),
      worker([present('a', '1', 'loading', { progress })]),
    ]
    const catalogue = new Catalogue([], workers)
    expect(catalogue.loadingOf(model).map(({ id }) => id)).toEqual([idOf('a')])
    expect(catalogue.progressOf(idOf('a'))).toEqual(progress)
    expect(catalogue.stateOfModel(model)).toBe('loading')
  })
})
