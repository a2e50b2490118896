import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findFault, type Target } from '@augur/chaos/bad-input/row'
import { badInputs } from '@augur/chaos/bad-input/rows'
import { prepareTarget, targetSettings, writeTargetModels } from '@augur/chaos/bad-input/target-stack'
import { encodeRequest, exchange, type WireAnswer } from '@augur/chaos/bad-input/wire'
import { runFuzz } from '@augur/chaos/fuzz/run-fuzz'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../', import.meta.url))

let models: string
let stack: TestStack
let target: Target
beforeAll(async () => {
  models = await mkdtemp(join(tmpdir(), 'augur-bad-input-'))
  const adminKey = randomBytes(24).toString('base64url')
  await writeTargetModels(models, root)
  stack = await startTestStack({ modelsDir: models, env: targetSettings(adminKey) })
  target = await prepareTarget(stack.url, adminKey)
})
afterAll(async () => {
  await stack.stop()
  await rm(models, { recursive: true })
})

const send = ({ request, dripMs }: ReturnType<typeof badInputs>[number]): Promise<WireAnswer> => {
  const bytes = request instanceof Uint8Array ? request : encodeRequest(request)
  return exchange(bytes, {
    port: target.port,
    timeoutMs: 120_000,
    ...(dripMs !== undefined && { dripMs }),
  })
}

async function idsOfTenant(): Promise<string[]> {
  const response = await stack.request('/predictions?limit=100', {
    headers: { authorization: `Bearer ${target.key}` },
  })
  const { results } = (await response.json()) as { results: { id: string }[] }
  return results.map(({ id }) => id)
}

test('every bad input has its exact answer over a real socket, and nothing of it is half accepted', async () => {
  const rows = badInputs(target)
  const before = await idsOfTenant()
  const answers = await Promise.all(rows.map(send))
  const faults = rows.map(({ name, expected }, i) => {
    const answer = answers[i]
    const fault = answer === undefined ? 'no answer' : findFault(expected, answer)
    return fault === null ? null : `${name}: ${fault}`
  })
  expect(faults.filter((fault) => fault !== null)).toEqual([])
  const created = answers.filter(({ status }) => status === 201).length
  const stored = (await idsOfTenant()).filter((id) => !before.includes(id))
  // Those that were refused by the pipeline of their model were accepted whole.
  const refusedByModel = rows.filter(({ name }) => name.startsWith('an image')).length
  expect(stored.length).toBeGreaterThanOrEqual(created)
  expect(stored.length).toBeLessThanOrEqual(created + refusedByModel)
})

test('mutants of bad inputs are answered with problems as well, and end nothing', async () => {
  const report = await runFuzz({ target, requests: 400, seed: 5, withTable: false })
  expect(report.faults).toEqual([])
  expect([stack.api, ...stack.workers].filter((each) => each.hasFailed())).toEqual([])
  expect((await fetch(`${stack.url}/readyz`)).status).toBe(200)
})

test('what is wrong with a key is told to nobody, and neither whether an id is there', async () => {
  const rows = badInputs(target)
  const bodiesOf = async (names: string[]) => {
    const answers = await Promise.all(rows.filter(({ name }) => names.includes(name)).map(send))
    return new Set(answers.map(({ body }) => body.replace(/"instance":"[^"]*"/, '')))
  }
  expect(await bodiesOf(['no key', 'an unknown key', 'a key that is none', 'another scheme'])).toHaveProperty(
    'size',
    1,
  )
  expect(await bodiesOf(['a prediction of another tenant', 'a prediction that nobody made'])).toHaveProperty(
    'size',
    1,
  )
})

test('beyond its rate a key is told when to come back, and how much it has', async () => {
  const ask = () =>
    fetch(`${stack.url}/api/v1/predictions`, { headers: { authorization: `Bearer ${target.slowKey}` } })
  const answers = await Promise.all([ask(), ask(), ask()])
  const refused = answers.find(({ status }) => status === 429)
  expect(refused?.headers.get('retry-after')).toBe('1')
  expect(refused?.headers.get('ratelimit-policy')).toBe('"requests";q=1;w=1')
  expect(refused?.headers.get('ratelimit')).toMatch(/^"requests";r=0;t=1$/)
})
