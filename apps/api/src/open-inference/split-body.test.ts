import { ServiceError } from '@augur/core/errors'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { problems } from '../problem.js'
import { inferRequest } from './schemas.js'
import { splitBody } from './split-body.js'
import { tensorInputs } from './tensor-inputs.js'

const limits = { maxDepth: 32, maxValues: 1_000_000 }

/** The status of the refusal that `run` throws, or 200. */
function statusOf(run: () => unknown): number {
  try {
    run()
    return 200
  } catch (error) {
    if (error instanceof ServiceError) return problems[error.code].status
    throw error
  }
}

function take(body: Buffer, headerLength: string | undefined): void {
  const { json, binary } = splitBody(body, headerLength, limits)
  const parsed = inferRequest.safeParse(json)
  if (parsed.success) tensorInputs(parsed.data, binary)
}

const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array))

test('whatever the body and its header are, they give a request or a 4xx', () => {
  const lengths = fc.oneof(
    fc.string(),
    fc.integer().map(String),
    fc.constantFrom('0', '-1', '1e9', 'NaN', '99999999999'),
  )
  const bodies = fc.oneof(
    bytes,
    fc.json().map((text) => Buffer.from(text)),
  )
  fc.assert(
    fc.property(bodies, fc.option(lengths, { nil: undefined }), (body, headerLength) => {
      expect([200, 400, 422]).toContain(statusOf(() => take(body, headerLength)))
    }),
    { numRuns: 2000 },
  )
})

test('whatever the tensors say of themselves, they give encoded tensors or a 4xx', () => {
  const number = fc.oneof(fc.nat(20), fc.integer(), fc.double())
  const input = fc.record(
    {
      name: fc.oneof(fc.constantFrom('x', '__proto__', 'toString'), fc.string()),
      datatype: fc.constantFrom('FP32', 'BYTES', 'BOOL', 'INT64', 'FP8'),
      shape: fc.array(number, { maxLength: 4 }),
      parameters: fc.record({ binary_data_size: number }, { requiredKeys: [] }),
      data: fc.array(fc.anything(), { maxLength: 4 }),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.array(input, { maxLength: 4 }), bytes, (inputs, binary) => {
      const json = Buffer.from(
        JSON.stringify({ inputs }, (_, value) => (typeof value === 'bigint' ? null : value)),
      )
      const body = Buffer.concat([json, binary])
      expect([200, 400, 422]).toContain(statusOf(() => take(body, String(json.length))))
    }),
    { numRuns: 2000 },
  )
})

test('every byte behind the JSON belongs to the tensor that asks for it', () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 5 }), (parts) => {
      const inputs = parts.map((part, index) => ({
        name: `x${index}`,
        datatype: 'UINT8',
        shape: [part.length],
        parameters: { binary_data_size: part.length },
      }))
      const json = Buffer.from(JSON.stringify({ inputs }))
      const split = splitBody(Buffer.concat([json, ...parts]), String(json.length), limits)
      const tensors = tensorInputs(inferRequest.parse(split.json), split.binary)
      expect(tensors).toEqual(
        Object.fromEntries(
          inputs.map(({ name, datatype, shape }, index) => [
            name,
            { datatype, shape, base64: parts[index]?.toString('base64') },
          ]),
        ),
      )
    }),
  )
})

test.each(['', '0', '-1', '1.5', '9', 'abc', ' 1', '00000000000001'])(
  'a header length of %j does not fit a body of eight bytes',
  (headerLength) => {
    expect(statusOf(() => splitBody(Buffer.from('{"a":42}'), headerLength, limits))).toBe(400)
  },
)

test('JSON that is not UTF-8, or nests without end, is refused before it is parsed', () => {
  expect(statusOf(() => splitBody(Buffer.from([0x22, 0xff, 0x22]), undefined, limits))).toBe(400)
  expect(statusOf(() => splitBody(Buffer.from('['.repeat(100_000)), undefined, limits))).toBe(400)
})
