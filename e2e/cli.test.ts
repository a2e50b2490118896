import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { digitSeven } from './support/digit-image.js'

const root = fileURLToPath(new URL('..', import.meta.url))

let stack: TestStack
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'augur-cli-'))
  stack = await startTestStack({ modelsDir: join(root, 'models') })
})
afterAll(async () => {
  await stack?.stop()
  await rm(folder, { recursive: true, force: true })
})

function augur(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, AUGUR_URL: stack.url, AUGUR_API_KEY: '' }
  const command = [join(root, 'apps/cli/dist/main.js'), ...args]
  return new Promise((resolve) => {
    execFile(process.execPath, command, { env, cwd: root }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    )
  })
}

test('predict sends an image or a text and prints the output', async () => {
  const image = join(folder, 'seven.png')
  await writeFile(image, digitSeven)
  const digit = await augur('predict', 'digits', '--image', image)
  expect(JSON.parse(digit.stdout)).toMatchObject({ label: '7' })
  const ticket = await augur('predict', 'tickets:int8', '--text', 'Where is my parcel?', '--json')
  expect(JSON.parse(ticket.stdout)).toMatchObject({ status: 'succeeded', version_label: 'int8' })
})

test('predict says what is wrong with an input, and exits with 1', async () => {
  const { code, stderr } = await augur('predict', 'digits', '--input', '{"pixels": [1, 2]}')
  expect(code).toBe(1)
  expect(stderr).toMatch(/pixels/)
  expect((await augur('predict', 'nothing')).code).toBe(1)
})

test('batch writes a result for each line, in order', async () => {
  const rows = (await readFile(join(root, 'models/digits/heldout.jsonl'), 'utf8')).trim().split('\n')
  const labels = rows.map((row) => String(JSON.parse(row).label))
  const lines = rows.map((row, index) =>
    JSON.stringify({ input: JSON.parse(row).input, custom_id: `row-${index}` }),
  )
  const [file, results] = [join(folder, 'rows.jsonl'), join(folder, 'results.jsonl')]
  await writeFile(file, `${lines.join('\n')}\n`)
  const { code, stderr } = await augur('batch', file, '--model', 'digits', '--results', results)
  expect([code, stderr]).toEqual([0, ''])
  const answers = (await readFile(results, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(answers.map(({ custom_id: id }) => id)).toEqual(lines.map((_, index) => `row-${index}`))
  const right = answers.filter(({ output }, index) => output.label === labels[index]).length
  expect(right / answers.length).toBeGreaterThan(0.98)
})

test('models lists what is served, and checks a repository', async () => {
  const { stdout } = await augur('models', 'list')
  expect(stdout).toMatch(/augur\/digits +fp32 +ready/)
  expect((await augur('models', 'check', join(root, 'models'))).code).toBe(0)
  expect((await augur('models', 'check', folder)).code).toBe(1)
})

test('deliveries are listed, shown and made once more', async () => {
  const webhook = 'http://127.0.0.1:9/'
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ webhook })
  const sent = await fetch(`${stack.url}/api/v1/webhooks/test`, { method: 'POST', headers, body })
  const { id }: { id: string } = JSON.parse(await sent.text())
  expect((await augur('deliveries', 'list', '--state', 'exhausted')).stdout).toContain(id)
  expect((await augur('deliveries', 'show', id)).stdout).toMatch(
    /exhausted\n.*\n1 attempt:\n.*failed connection/,
  )
  const again = await augur('deliveries', 'redeliver', id, '--json')
  expect(JSON.parse(again.stdout)).toMatchObject({ id, state: 'pending', attempts_made: 1 })
  expect((await augur('deliveries', 'replay')).stdout).toBe('0 are made once more.\n')
  expect((await augur('deliveries', 'show', 'nothing')).code).toBe(1)
})

test('every command tells more with --help, and an unknown one is refused', async () => {
  for (const command of [
    'predict',
    'batch',
    'models',
    'verify',
    'profile',
    'rollout',
    'deliveries',
    'keys',
    'doctor',
  ]) {
    const { code, stdout } = await augur(command, '--help')
    expect([command, code]).toEqual([command, 0])
    expect(stdout).toContain(`Usage: augur ${command}`)
  }
  expect((await augur('frobnicate')).code).toBe(2)
  expect((await augur('--help')).code).toBe(0)
})

test('models pull makes the files of a version ready, and says what it cannot', async () => {
  const pulled = await augur('models', 'pull', 'digits:int8')
  expect([pulled.code, pulled.stdout]).toEqual([
    0,
    expect.stringMatching(/^✓ augur\/digits:int8 {2}[0-9a-f]{12}\n$/),
  ])
  const none = await augur('models', 'pull', 'nothing')
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('holds no nothing')])
})

test('queues shows what waits for each version, and drains and purges it', async () => {
  const listed = await augur('queues', 'list')
  expect(listed.stdout).toMatch(/^augur\/digits +int8 +ready +1 +0 /m)
  const drained = await augur('queues', 'drain', 'digits:int8')
  expect([drained.code, drained.stdout]).toEqual([0, expect.stringContaining('takes nothing new')])
  await expect.poll(async () => (await augur('queues', 'list')).stdout).toMatch(/int8 +ready, draining/)
  expect((await augur('queues', 'purge', 'digits:int8', '--json')).stdout).toContain('"canceled":0')
  expect((await augur('queues', 'resume', 'augur/digits:int8')).code).toBe(0)
  expect((await augur('queues', 'drain', 'digits:none')).stderr).toContain('no version digits:none')
  expect((await augur('queues', 'stop')).code).toBe(2)
})

test('completion is made of what the commands explain', async () => {
  const { code, stdout } = await augur('completion', 'bash')
  expect(code).toBe(0)
  expect(stdout).toContain("queues:2) words='list pause drain resume purge --help'")
  expect(stdout).toMatch(/predict:\*\) words='.*--image/)
  expect((await augur('completion', 'fish')).code).toBe(2)
})
