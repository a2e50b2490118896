import { castCases, matrixCases, specialCases } from '@augur/test-support/one-operator-models'
import { expect, test } from 'vitest'
import { compareWithFile } from './compare-with-file.js'
import { deriveManifest } from './derive-manifest.js'
import { readOnnx } from './onnx/read-onnx.js'

const cases = [...matrixCases(), ...castCases(), ...specialCases()]
const files = [{ path: 'model.onnx', sha256: '0'.repeat(64) }]

test.each(cases.map((each) => [each.name, each] as const))(
  'the file says what the model takes and gives: %s',
  async (_name, { onnx, inputs, outputs }) => {
    const source = {
      size: onnx.length,
      read: async (target: Buffer, position: number) => onnx.copy(target, 0, position),
    }
    const reading = await readOnnx(source)
    if (!reading.ok) throw new Error(reading.reason)
    expect(deriveManifest(reading.model, files)).toMatchObject({ inputs, outputs })
    expect(compareWithFile({ inputs, outputs }, reading.model)).toEqual([])
  },
)
