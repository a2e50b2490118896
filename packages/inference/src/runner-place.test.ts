import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sumModel } from '@augur/test-support/models'
import { expect, test } from 'vitest'
import { startRunner } from './runner/runner.js'
import { RunnerPlace } from './runner-place.js'

test('a version that leaves a shared runner at once does not end it under one that loads there', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'augur-place-'))
  const version = await sumModel(dir)
  const runner = startRunner()
  try {
    const leaving = await RunnerPlace.open(runner, version)
    const coming = RunnerPlace.open(runner, { ...version, id: 'coming' })
    const [place] = await Promise.all([coming, leaving.stop()])
    expect(await place.run([{ form: 'pipeline', json: '{"x":[1,2,3]}' }])).toMatchObject({
      kind: 'ran',
      results: [{ ok: true, output: '{"y":[2,4,6]}' }],
    })
    await place.stop()
    expect(await runner.exited).toMatchObject({ code: 0 })
  } finally {
    await runner.stop()
    await rm(dir, { recursive: true })
  }
})
