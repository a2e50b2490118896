import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { LocalVersion } from '@augur/core/models/version'
import { endlessModel, hungryModel } from '@augur/test-support/faulty-models'
import { sumModel, writeModel } from '@augur/test-support/models'
import { encodeOnnx } from '@augur/test-support/onnx'
import { isRunning } from '@augur/test-support/test-stack'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { findDeathSignalCommand } from './death-signal.js'
import { defaultThreads } from './default-threads.js'
import { type Runner, type RunnerOptions, startRunner } from './runner.js'

let dir: string
const started: Runner[] = []

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'augur-surroundings-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await Promise.all(started.splice(0).map((runner) => runner.stop()))
})
afterAll(() => rm(dir, { recursive: true }))

function start(options?: RunnerOptions): Runner {
  const runner = startRunner(options)
  started.push(runner)
  return runner
}

const isLinux = process.platform === 'linux'

describe('a runner', () => {
  test.skipIf(!isLinux)('sees nothing of the environment, options and open files of its parent', async () => {
    vi.stubEnv('AUGUR_MASTER_KEY', 'a secret of the parent')
    vi.stubEnv('NODE_OPTIONS', '--no-warnings')
    const file = await open(join(dir, 'open-in-the-parent'), 'w')
    const runner = start()
    const version = await spyModel()
    await runner.load(version)
    const outcome = await runner.run(version.id, [{ form: 'pipeline', json: '{}' }], { timeoutMs: 60_000 })
    await file.close()
    const [result] = outcome.kind === 'ran' ? outcome.results : []
    const seen: unknown = JSON.parse(result?.ok ? result.output : 'null')
    expect(seen).toEqual({
      names: [],
      initial: expect.stringMatching(/^(NODE_CHANNEL_\w+=\w+\0)*$/),
      files: [],
    })
  })

  test.skipIf(!isLinux)(
    'over its memory limit while it loads refuses the version for that reason',
    async () => {
      const version = await hungryModel(dir, { name: 'hungry-at-start' })
      const greedy = { ...version, manifest: { ...version.manifest, example: { x: [1] } } }
      const runner = start({ memoryLimitBytes: 400 * 1024 ** 2 })
      await expect(runner.load(greedy)).rejects.toMatchObject({ name: 'LoadError', code: 'resource_limit' })
      expect(await runner.exited).toMatchObject({ signal: 'SIGKILL', outOfMemory: true })
    },
  )

  test.skipIf(!isLinux)('is what the kernel ends first when the machine has no memory left', async () => {
    expect(readFileSync(`/proc/${start().pid}/oom_score_adj`, 'utf8').trim()).toBe('1000')
  })

  test('that is stuck in native code ends with a worker that was killed', async ({ skip }) => {
    skip(findDeathSignalCommand().length === 0, 'this system has no setpriv --pdeathsig')
    const worker = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', await workerScript()],
      {
        cwd: import.meta.dirname,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const [line]: unknown[] = await once(worker.stdout, 'data')
    const runner = Number(line)
    const before = cpuTicks(runner)
    await vi.waitUntil(() => cpuTicks(runner) > before + 30, { timeout: 60_000 })
    worker.kill('SIGKILL')
    await expect.poll(() => isRunning(runner), { timeout: 60_000 }).toBe(false)
  })
})

/** Starts a runner, says its process id and runs a model that never ends. */
async function workerScript(): Promise<string> {
  const version = await endlessModel(dir)
  return `
    import { findDeathSignalCommand } from './death-signal.ts'
    import { startRunner } from './runner.ts'
    const version = ${JSON.stringify(version)}
    const runner = startRunner({ launcher: findDeathSignalCommand() })
    await runner.load(version)
    console.log(runner.pid)
    await runner.run(version.id, [{ form: 'pipeline', json: '{"x":[1]}' }], { timeoutMs: 600_000 })`
}

/** Processor time that a process has used in its own code, in hundredths of a second. */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[11])
}

describe('execution providers', () => {
  const withProviders = async (
    ...providers: ('cpu' | 'cuda' | 'coreml' | 'directml')[]
  ): Promise<LocalVersion> => sumModel(dir, { name: providers.join('-'), serving: { providers } })

  test('are tried in order until one can be used', async () => {
    const other = process.platform === 'darwin' ? 'directml' : 'coreml'
    expect(await start().load(await withProviders(other, 'cpu'))).toMatchObject({ provider: 'cpu' })
  })

  test('that cannot be used refuse the version with a reason for each, which names no path', async () => {
    const [first, second] =
      process.platform === 'darwin' ? (['directml', 'cuda'] as const) : (['coreml', 'directml'] as const)
    const error: unknown = await start()
      .load(await withProviders(first, second))
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'LoadError', code: 'provider_unavailable' })
    expect(String(error)).toContain(`${first} is not available here: onnxruntime-node has no ${first}`)
    expect(String(error)).toContain(`${second} is not available here`)
    expect(String(error)).not.toMatch(/[/\\]/)
  })

  test('are not to blame for a broken model', async () => {
    const version = await withProviders('cuda', 'cpu')
    const broken = { ...version, folder: join(dir, 'nowhere') }
    await expect(start().load(broken)).rejects.toMatchObject({ code: 'invalid_model' })
  })

  test('include CUDA, whose answers are those of the processor', async ({ skip }) => {
    skip(!existsSync('/dev/nvidiactl'), 'there is no NVIDIA GPU here')
    skip(
      !hasCudaProvider(),
      'the CUDA provider of onnxruntime-node is not installed: see docs/how-to/use-a-gpu.md',
    )
    const libraries = process.env.AUGUR_RUNNER_LIBRARY_PATH ?? process.env.LD_LIBRARY_PATH
    const runner = start(libraries === undefined ? {} : { environment: { LD_LIBRARY_PATH: libraries } })
    const version = await withProviders('cuda')
    expect(await runner.load(version)).toMatchObject({ provider: 'cuda' })
    const inputs = [{ form: 'pipeline' as const, json: '{"x":[1,2,3]}' }]
    const outcome = await runner.run(version.id, inputs, { timeoutMs: 60_000 })
    expect(outcome).toMatchObject({ results: [{ ok: true, output: '{"y":[2,4,6]}' }] })
  })
})

function hasCudaProvider(): boolean {
  const entry = createRequire(import.meta.url).resolve('onnxruntime-node')
  const binaries = join(dirname(entry), '..', 'bin', 'napi-v6', process.platform, process.arch)
  return existsSync(join(binaries, 'libonnxruntime_providers_cuda.so'))
}

test.each([
  [1, 4, 4],
  [2, 4, 2],
  [3, 4, 1],
  [8, 4, 1],
  [1, 64, 8],
])('%i runners of a version on %i cores use %i threads each', (instances, cores, threads) => {
  expect(defaultThreads(instances, cores)).toBe(threads)
})

/** Answers with the environment of its process, as it is and as it began, and the files that are open in it. */
function spyModel(): Promise<LocalVersion> {
  const inputs = [{ name: 'x', type: 'float32' as const, shape: ['N', 1] }]
  const outputs = [{ name: 'y', type: 'float32' as const, shape: ['N', 1] }]
  const module = `
    import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
    const target = (fd) => { try { return readlinkSync('/proc/self/fd/' + fd) } catch { return '' } }
    export const preprocess = () => ({ x: { type: 'float32', dims: [1, 1], data: new Float32Array(1) } })
    export const postprocess = () => ({
      names: Object.keys(process.env),
      initial: readFileSync('/proc/self/environ', 'utf8'),
      files: readdirSync('/proc/self/fd').map(target).filter((path) => path.includes('open-in-the-parent')),
    })`
  return writeModel(dir, 'spy', '1', {
    onnx: encodeOnnx({ nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }], inputs, outputs }),
    files: { 'own.mjs': module },
    manifest: { inputs, outputs, pipeline: { name: 'module', path: 'own.mjs' } },
  })
}
