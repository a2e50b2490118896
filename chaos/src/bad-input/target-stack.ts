import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import type { ElementType } from '@augur/core/models/manifest'
import { sumModel, writeModel } from '@augur/test-support/models'
import { encodeOnnx } from '@augur/test-support/onnx'
import type { Target } from './row.js'

/** Gives back what it gets, by the `tensors` pipeline. */
async function identityModel(dir: string, name: string, type: ElementType, shape: (string | number)[]) {
  const inputs = [{ name: 'x', type, shape }]
  const outputs = [{ name: 'y', type, shape }]
  await writeModel(dir, name, '1', {
    onnx: encodeOnnx({ nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }], inputs, outputs }),
    manifest: { description: `Gives back ${type}`, inputs, outputs, pipeline: { name: 'tensors' } },
  })
}

/** The models that the rows name. `root` is the repository. */
export async function writeTargetModels(dir: string, root: string): Promise<void> {
  await sumModel(dir)
  await identityModel(dir, 'whole', 'int64', ['N', 2])
  await identityModel(dir, 'bytes', 'uint8', ['N', 2])
  await identityModel(dir, 'words', 'string', ['N'])
  await cp(join(root, 'models/digits/fp32'), join(dir, 'digits/1'), { recursive: true })
}

/** Settings of the processes that the rows are sent to. */
export function targetSettings(adminKey: string): Record<string, string> {
  return {
    AUGUR_API_KEY: adminKey,
    // Every wrong key of the table comes from one address.
    AUGUR_MAX_FAILED_ATTEMPTS: '1000000',
    AUGUR_MAX_BODY_BYTES: '2000000',
    AUGUR_MAX_JSON_VALUES: '50000',
    AUGUR_MAX_WAIT_SECONDS: '10',
  }
}

interface KeyWish {
  tenant: string
  scopes: string[]
  requests_per_second?: number
}

/** Makes the keys and predictions that rows name, on a stack that is ready. */
export async function prepareTarget(url: string, adminKey: string): Promise<Target> {
  const ask = async (path: string, key: string, body: object, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
    return text
  }
  const keyOf = async (wish: KeyWish): Promise<string> => {
    const made: { key: string } = JSON.parse(await ask('/admin/keys', adminKey, { name: 'fuzz', ...wish }))
    return made.key
  }
  const predictionOf = async (key: string): Promise<string> => {
    const body = { version: 'augur/sum:1', input: { x: [1, 2, 3] } }
    const made: { id: string } = JSON.parse(
      await ask('/api/v1/predictions', key, body, { prefer: 'wait=10' }),
    )
    return made.id
  }
  const key = await keyOf({ tenant: 'acme', scopes: ['predict', 'read'] })
  const foreignKey = await keyOf({ tenant: 'globex', scopes: ['predict', 'read'] })
  return {
    port: Number(new URL(url).port),
    key,
    readKey: await keyOf({ tenant: 'acme', scopes: ['read'] }),
    slowKey: await keyOf({ tenant: 'acme', scopes: ['read'], requests_per_second: 1 }),
    endedId: await predictionOf(key),
    foreignId: await predictionOf(foreignKey),
  }
}
