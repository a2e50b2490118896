import { encodeOnnx } from '@augur/test-support/onnx'
import { field, message } from '@augur/test-support/protobuf'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { OnnxModel } from './onnx-model.js'
import { type OnnxReading, readOnnx } from './read-onnx.js'
import type { ByteSource } from './wire-reader.js'

/** Gives at most `chunk` bytes at a time and counts what was asked of it. */
function sourceOf(bytes: Uint8Array, chunk = Number.POSITIVE_INFINITY) {
  const source = {
    size: bytes.length,
    bytesRead: 0,
    async read(target: Buffer, position: number) {
      const part = bytes.subarray(position, position + Math.min(chunk, target.length))
      target.set(part)
      source.bytesRead += part.length
      return part.length
    },
  } satisfies ByteSource & { bytesRead: number }
  return source
}

const read = (...parts: Uint8Array[]): Promise<OnnxReading> => readOnnx(sourceOf(message(...parts)))

async function modelOf(...parts: Uint8Array[]): Promise<OnnxModel> {
  const reading = await read(...parts)
  if (!reading.ok) throw new Error(reading.reason)
  return reading.model
}

const graph = (...parts: Uint8Array[]) => field(7, message(...parts))
const external = (location: string, ...more: [string, string][]) =>
  message(
    field(8, 'w'),
    ...[['location', location], ...more].map(([key = '', value = '']) =>
      field(13, message(field(1, key), field(2, value))),
    ),
    field(14, 1),
  )
const locationsOf = async (...parts: Uint8Array[]) => [...(await modelOf(...parts)).externalData.keys()]

const sum = encodeOnnx({
  nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
  inputs: [{ name: 'x', type: 'float32', shape: ['N', 3] }],
  outputs: [{ name: 'y', type: 'float32', shape: ['N', 3] }],
  initializers: [{ name: 'w', type: 'float32', dims: [3], data: new Float32Array(3) }],
})

describe('a model', () => {
  test('gives its inputs, outputs, initialisers, operator sets and IR version', async () => {
    const x = { name: 'x', kind: 'tensor', elementCode: 1, shape: ['N', 3] }
    expect(await modelOf(sum)).toMatchObject({
      inputs: [x],
      outputs: [{ ...x, name: 'y' }],
      initializers: new Set(['w']),
      domains: new Set(['']),
      opsets: new Map([['', expect.any(Number)]]),
      irVersion: expect.any(Number),
    })
  })

  test('may leave dimensions without a name, and the rank open', async () => {
    const dimensions = [
      message(),
      field(1, 0),
      field(1, -1),
      field(2, ''),
      field(2, 'T'),
      field(1, 2 ** 40),
    ].map((dimension) => field(1, dimension))
    const typed = (...shape: Uint8Array[]) => field(2, field(1, message(field(1, 1), ...shape)))
    const inputs = [typed(field(2, message(...dimensions))), typed(field(2, '')), typed()]
    const { inputs: values } = await modelOf(graph(...inputs.map((type) => field(11, type))))
    expect(values.map(({ shape }) => shape)).toEqual([[null, 0, null, null, 'T', 2 ** 40], [], null])
  })

  test.each([
    [4, 'sequence'],
    [5, 'map'],
    [8, 'sparse tensor'],
    [9, 'optional'],
  ])('says when a value is no tensor: type field %i', async (number, kind) => {
    const value = message(field(1, 'y'), field(2, field(number, field(1, 1))))
    expect((await modelOf(graph(field(12, value)))).outputs).toMatchObject([{ name: 'y', kind }])
  })

  test('names the domains of its operators, and those in which it defines functions', async () => {
    const node = (domain: string) => field(1, message(field(4, 'Op'), field(7, domain)))
    const inFunction = field(25, message(field(10, 'own'), field(7, field(7, 'inner'))))
    const model = await modelOf(graph(node('own'), node('ai.onnx.ml')), inFunction)
    expect(model.domains).toEqual(new Set(['own', 'ai.onnx.ml', 'inner']))
    expect(model.functionDomains).toEqual(new Set(['own']))
  })
})

describe('external data is found', () => {
  const tensor = external('w.bin')
  const inNode = (attribute: Uint8Array) => graph(field(1, field(5, attribute)))
  const inSparse = [field(1, tensor), field(2, tensor)]

  test.each<[string, Uint8Array]>([
    ['of an initialiser', graph(field(5, tensor))],
    ['of a sparse initialiser: values', graph(field(15, inSparse[0] ?? ''))],
    ['of a sparse initialiser: indices', graph(field(15, inSparse[1] ?? ''))],
    ['of a Constant', inNode(field(5, tensor))],
    ['of a list of tensors', inNode(field(10, tensor))],
    ['of a sparse Constant', inNode(field(22, inSparse[0] ?? ''))],
    ['of a list of sparse tensors', inNode(field(23, inSparse[1] ?? ''))],
    ['of a subgraph', inNode(field(6, field(5, tensor)))],
    ['of a list of subgraphs', inNode(field(11, field(1, field(5, field(5, tensor)))))],
    ['of a function', message(graph(), field(25, field(7, field(5, field(5, tensor)))))],
    ["of a function's default", message(graph(), field(25, field(11, field(5, tensor))))],
    ['of training', message(graph(), field(20, field(1, field(5, tensor))))],
  ])('%s', async (_where, bytes) => {
    expect(await locationsOf(bytes)).toEqual(['w.bin'])
  })

  test('even where the tensor does not say that it uses it', async () => {
    const entry = field(13, message(field(1, 'location'), field(2, 'w.bin')))
    expect(await locationsOf(graph(field(5, entry)))).toEqual(['w.bin'])
  })

  test('with how many bytes of the file are wanted', async () => {
    const parts = [external('w.bin', ['offset', '8'], ['length', '4']), external('w.bin', ['length', '10'])]
    const { externalData } = await modelOf(graph(...parts.map((part) => field(5, part))))
    expect(externalData).toEqual(new Map([['w.bin', 12]]))
  })

  test.each<[string, Uint8Array]>([
    ['no location', field(14, 1)],
    ['two locations', external('a', ['location', 'b'])],
    ['a negative offset', external('a', ['offset', '-1'])],
    ['a length beyond all', external('a', ['length', '1'.repeat(20)])],
  ])('and refused with %s', async (_what, bytes) => {
    expect(await read(graph(field(5, bytes)))).toMatchObject({ ok: false })
  })
})

describe('whatever is no model is refused', () => {
  const wrap = (depth: number): Uint8Array =>
    depth === 0 ? message() : field(1, field(5, field(6, wrap(depth - 1))))

  test.each<[string, Uint8Array]>([
    ['nothing', message()],
    ['a page', Buffer.from('<!doctype html><html><body>Not found</body></html>')],
    ['a git-lfs pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n')],
    ['zeros', Buffer.alloc(1000)],
    ['a message without a graph', field(1, 8)],
    ['a length beyond the end', Buffer.from([0x3a, 0xff, 0xff, 0xff, 0xff, 0x7f])],
    ['a negative length', Buffer.from([0x3a, ...Array.from({ length: 9 }, () => 0xff), 0x01])],
    ['an endless integer', Buffer.from([0x08, ...Array.from({ length: 20 }, () => 0xff)])],
    ['graphs in graphs without end', graph(wrap(40))],
    ['a name without end', graph(field(11, field(1, 'x'.repeat(100_000))))],
  ])('%s', async (_what, bytes) => {
    expect(await read(bytes)).toMatchObject({ ok: false, reason: expect.any(String) })
  })

  test.each([
    ['bits beyond 32', [0xaa, 0x80, 0x80, 0x80, 0x10]],
    ['more than 5 bytes', [0xaa, 0x80, 0x80, 0x80, 0x80, 0x00]],
    ['bits beyond 64', [0xaa, ...Array.from({ length: 8 }, () => 0x80), 0x02]],
  ])('a model whose external data hides behind a tag of %s', async (_what, tag) => {
    const [, ...lengthAndTensor] = field(5, external('/etc/passwd'))
    const hidden = Buffer.from([...tag, ...lengthAndTensor])
    expect(await read(graph(hidden))).toMatchObject({ ok: false, reason: 'is not a protobuf message' })
  })

  test('a model cut off anywhere', async () => {
    // The graph comes before the operator sets, so the very last bytes may be missing.
    for (let length = 0; length < sum.length - 10; length++)
      expect(await read(sum.subarray(0, length))).toMatchObject({ ok: false })
  })
})

test('a model with flipped bytes is read or refused, and never more than that', async () => {
  const model = message(
    sum,
    graph(
      field(5, external('w.bin', ['offset', '0'])),
      field(1, field(5, field(6, field(5, external('v'))))),
    ),
  )
  const flips = fc.array(fc.tuple(fc.nat(model.length - 1), fc.integer({ min: 1, max: 255 })), {
    minLength: 1,
    maxLength: 8,
  })
  await fc.assert(
    fc.asyncProperty(flips, async (changes) => {
      const bytes = Buffer.from(model)
      for (const [index, bits] of changes) bytes[index] = (bytes[index] ?? 0) ^ bits
      const reading = await readOnnx(sourceOf(bytes))
      expect(reading.ok || reading.reason.length > 0).toBe(true)
    }),
    { numRuns: 2000 },
  )
})

test('random bytes are read or refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      expect(typeof (await readOnnx(sourceOf(bytes))).ok).toBe('boolean')
    }),
    { numRuns: 2000 },
  )
})

test('it does not matter in how many pieces the bytes come', async () => {
  expect(await readOnnx(sourceOf(sum, 7))).toEqual(await readOnnx(sourceOf(sum)))
})

test('weights are not read', async () => {
  const weights = field(5, message(field(8, 'w'), field(9, Buffer.alloc(1024 * 1024))))
  const source = sourceOf(message(field(1, 8), graph(...Array.from({ length: 16 }, () => weights))))
  expect(await readOnnx(source)).toMatchObject({ ok: true, model: { initializers: new Set(['w']) } })
  expect(source.bytesRead).toBeLessThan(256 * 1024)
})
