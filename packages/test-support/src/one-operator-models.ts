import { type ElementType, elementTypes, type TensorSpec } from '@augur/core/models/manifest'
import type { JsonElement } from '@augur/core/tensors/element-bytes'
import { elementCode, encodeOnnx, type OnnxAttribute, type OnnxGraph, type OnnxInitializer } from './onnx.js'

/** A tensor as JSON holds it, in row-major order. */
export interface CaseTensor {
  shape: number[]
  data: JsonElement[]
}

/** A model of hardly more than one operator, and an input for it. Not every one can be run by ONNX Runtime. */
export interface OneOperatorCase {
  /** For example `Concat float32 rank 3`. */
  name: string
  inputs: TensorSpec[]
  outputs: TensorSpec[]
  graph: OnnxGraph
  /** The bytes of its `model.onnx`. */
  onnx: Buffer
  feeds: Record<string, CaseTensor>
}

/** A declared shape, and one that fits it. */
interface Extent {
  name: string
  declared: TensorSpec['shape']
  shape: number[]
}

const extents: Extent[] = [
  { name: 'rank 0', declared: [], shape: [] },
  { name: 'rank 1', declared: ['N'], shape: [3] },
  { name: 'rank 2', declared: ['N', 3], shape: [2, 3] },
  { name: 'rank 3', declared: ['N', 'S', 2], shape: [2, 3, 2] },
  { name: 'rank 4', declared: ['N', 2, 'S', 1], shape: [1, 2, 2, 1] },
  { name: 'rank 5', declared: [1, 'N', 2, 'S', 2], shape: [1, 2, 2, 1, 2] },
  { name: 'rank 6', declared: ['N', 1, 2, 1, 'S', 2], shape: [2, 1, 2, 1, 3, 2] },
  { name: 'fixed', declared: [2, 2], shape: [2, 2] },
  { name: 'zero rows', declared: ['N', 3], shape: [0, 3] },
  { name: 'zero-size', declared: ['N', 'S'], shape: [2, 0] },
  { name: 'unknown rank', declared: null, shape: [2, 2] },
]

const floats: JsonElement[] = [1.5, -2, 'NaN', 0, 'Infinity', 0.25, '-Infinity', -0.125, 3, 100]
const samples: Record<ElementType, JsonElement[]> = {
  float16: [...floats, 65_504, 0.000_060_975_551_605_224_61],
  float32: [...floats, 3.402_823_466_385_288_6e38, 0.100_000_001_490_116_12],
  float64: [...floats, Number.MAX_VALUE, 0.1],
  int8: [1, -128, 127, 0, -1, 5],
  int16: [1, -32_768, 32_767, 0, -1, 5],
  int32: [1, -2_147_483_648, 2_147_483_647, 0, -1, 5],
  int64: [1, '-9223372036854775808', '9223372036854775807', '9007199254740993', -1, 9_007_199_254_740_991],
  uint8: [1, 255, 0, 128, 7],
  uint16: [1, 65_535, 0, 32_768, 7],
  uint32: [1, 4_294_967_295, 0, 2_147_483_648, 7],
  uint64: [1, '18446744073709551615', 0, '9007199254740993', 7],
  bool: [true, false, false, true, true],
  string: ['', 'a', 'é漢😀', 'null', 'NaN', 'two words\n'],
}

/** As many elements of a type as a shape has; another `start` gives others. */
export function sampleTensor(type: ElementType, shape: number[], start = 0): CaseTensor {
  const values = samples[type]
  const length = shape.reduce((product, size) => product * size, 1)
  return { shape, data: Array.from({ length }, (_, index) => values[(start + index) % values.length] ?? 0) }
}

/** Each element type in ranks 0 to 6, fixed, empty and of unknown rank, through operators that most types know. */
export function matrixCases(): OneOperatorCase[] {
  return elementTypes.flatMap((type) =>
    extents.flatMap((extent) => [
      unary('Identity', type, extent),
      unary('Neg', type, extent),
      unary('Transpose', type, extent, { shape: extent.declared?.toReversed() ?? null }),
      unary('Unsqueeze', type, extent, {
        shape: extent.declared && [1, ...extent.declared],
        constants: [int64s('axes', [0])],
      }),
      unary('Shape', type, extent, { type: 'int64', shape: [extent.shape.length] }),
      binary('Add', type, extent),
      binary('Equal', type, extent, 'bool'),
      binary('Max', type, extent),
      where(type, extent),
    ]),
  )
}

/** From every element type to every other. */
export function castCases(): OneOperatorCase[] {
  return elementTypes.flatMap((from) =>
    elementTypes.map((to) => {
      const extent: Extent = { name: `to ${to}`, declared: ['N'], shape: [3] }
      const attributes = { to: elementCode(to) }
      return unary('Cast', from, extent, { type: to, data: [1, 0, 1].map(asElement(from)), attributes })
    }),
  )
}

/** Operators with several outputs, optional outputs, attributes, subgraphs, or shapes that depend on the data. */
export function specialCases(): OneOperatorCase[] {
  return [...shapingCases(), ...computingCases(), ...subgraphCases()]
}

interface UnaryOptions {
  type?: ElementType
  shape?: TensorSpec['shape']
  data?: JsonElement[]
  attributes?: Record<string, OnnxAttribute>
  constants?: OnnxInitializer[]
}

function unary(op: string, type: ElementType, extent: Extent, options: UnaryOptions = {}): OneOperatorCase {
  const { constants = [], attributes = {} } = options
  const shape = options.shape === undefined ? extent.declared : options.shape
  const tensor = sampleTensor(type, extent.shape)
  return build(`${op} ${type} ${extent.name}`, {
    nodes: [{ op, inputs: ['x', ...constants.map(({ name }) => name)], outputs: ['y'], attributes }],
    inputs: [{ name: 'x', type, shape: extent.declared }],
    outputs: [{ name: 'y', type: options.type ?? type, shape }],
    initializers: constants,
    feeds: { x: options.data ? { shape: extent.shape, data: options.data } : tensor },
  })
}

function binary(op: string, type: ElementType, extent: Extent, result = type): OneOperatorCase {
  return build(`${op} ${type} ${extent.name}`, {
    nodes: [{ op, inputs: ['a', 'b'], outputs: ['y'] }],
    inputs: ['a', 'b'].map((name) => ({ name, type, shape: extent.declared })),
    outputs: [{ name: 'y', type: result, shape: extent.declared }],
    feeds: { a: sampleTensor(type, extent.shape), b: sampleTensor(type, extent.shape, 1) },
  })
}

function where(type: ElementType, { name, declared, shape }: Extent): OneOperatorCase {
  return build(`Where ${type} ${name}`, {
    nodes: [{ op: 'Where', inputs: ['condition', 'a', 'b'], outputs: ['y'] }],
    inputs: [
      { name: 'condition', type: 'bool', shape: declared },
      { name: 'a', type, shape: declared },
      { name: 'b', type, shape: declared },
    ],
    outputs: [{ name: 'y', type, shape: declared }],
    feeds: {
      condition: sampleTensor('bool', shape),
      a: sampleTensor(type, shape),
      b: sampleTensor(type, shape, 2),
    },
  })
}

function shapingCases(): OneOperatorCase[] {
  return [
    onFloats('Split', ['N', 4], [2, 4], {
      outputs: [float('y', 'N', 2), float('z', 'N', 2)],
      attributes: { axis: 1 },
    }),
    onFloats('NonZero', ['N', 3], [2, 3], { outputs: [{ name: 'y', type: 'int64', shape: [2, 'found'] }] }),
    onFloats('Flatten', ['N', 2, 'S'], [2, 2, 3], { outputs: [float('y', 'N', 'M')] }),
    onFloats('Reshape', ['N', 4], [3, 4], {
      outputs: [float('y', 'M', 2)],
      constants: [int64s('shape', [-1, 2])],
    }),
    onFloats('Tile', ['N'], [2], { outputs: [float('y', 'M')], constants: [int64s('repeats', [3])] }),
    onFloats('Slice', ['N', 'S'], [2, 4], {
      outputs: [float('y', 'N', 'T')],
      constants: [int64s('starts', [1]), int64s('ends', [99]), int64s('axes', [1])],
    }),
    onFloats('Slice', ['N', 'S'], [2, 4], {
      name: 'to nothing',
      outputs: [float('y', 'M', 'S')],
      constants: [int64s('starts', [5]), int64s('ends', [99]), int64s('axes', [0])],
    }),
    build('ConstantOfShape', {
      nodes: [
        {
          op: 'ConstantOfShape',
          inputs: ['shape'],
          outputs: ['y'],
          attributes: {
            value: {
              tensor: { name: 'value', type: 'int64', dims: [1], data: BigInt64Array.of(-(2n ** 62n)) },
            },
          },
        },
      ],
      inputs: [{ name: 'shape', type: 'int64', shape: ['rank'] }],
      outputs: [{ name: 'y', type: 'int64', shape: null }],
      feeds: { shape: { shape: [3], data: [2, 0, 3] } },
    }),
    build('Range', {
      nodes: [{ op: 'Range', inputs: ['start', 'limit', 'delta'], outputs: ['y'] }],
      inputs: ['start', 'limit', 'delta'].map((name) => ({ name, type: 'int32', shape: [] })),
      outputs: [{ name: 'y', type: 'int32', shape: ['length'] }],
      feeds: { start: scalar(3), limit: scalar(10), delta: scalar(2) },
    }),
    build('Constant without inputs', {
      nodes: [
        {
          op: 'Constant',
          inputs: [],
          outputs: ['y'],
          attributes: { value_strings: { strings: ['a', 'é'] } },
        },
      ],
      inputs: [],
      outputs: [{ name: 'y', type: 'string', shape: [2] }],
      feeds: {},
    }),
    build('Identity of a shape that is declared wrong', {
      nodes: [{ op: 'Transpose', inputs: ['x'], outputs: ['y'] }],
      inputs: [float('x', 'N', 'S')],
      outputs: [float('y', 'N', 'S')],
      feeds: { x: sampleTensor('float32', [2, 3]) },
    }),
  ]
}

function computingCases(): OneOperatorCase[] {
  const topK = {
    outputs: [float('values', 'N', 2), { name: 'indices', type: 'int64' as const, shape: ['N', 2] }],
  }
  return [
    onFloats('Softmax', ['N', 3], [2, 3]),
    onFloats('LeakyRelu', ['N'], [4], { attributes: { alpha: { float: 0.5 } } }),
    onFloats('ReduceSum', ['N', 3], [2, 3], { outputs: [float('y')], attributes: { keepdims: 0 } }),
    onFloats('TopK', ['N', 4], [2, 4], { ...topK, constants: [int64s('k', [2])] }),
    onFloats('MaxPool', ['N', 1, 4], [1, 1, 4], {
      outputs: [float('y', 'N', 1, 3), { name: 'indices', type: 'int64', shape: ['N', 1, 3] }],
      attributes: { kernel_shape: [2] },
    }),
    onFloats('Dropout', ['N'], [3], {
      outputs: [float('y', 'N'), { name: 'mask', type: 'bool', shape: ['N'] }],
    }),
    onFloats('Unique', ['N'], [4], {
      outputs: [float('y', 'found'), ...['first', 'inverse', 'counts'].map(longs)],
    }),
    onFloats('Unique', ['N'], [4], { name: 'without all of its outputs', outputs: [float('y', 'found')] }),
    onFloats('IsNaN', ['N'], [4], { outputs: [{ name: 'y', type: 'bool', shape: ['N'] }] }),
    onFloats('OneHot', ['N'], [2], {
      outputs: [float('y', 'N', 3)],
      constants: [
        { name: 'depth', type: 'float32', dims: [], data: Float32Array.of(3) },
        { name: 'values', type: 'float32', dims: [2], data: Float32Array.of(0, 1) },
      ],
    }),
    onFloats('MatMul', ['N', 2], [3, 2], {
      outputs: [float('y', 'N', 2)],
      constants: [{ name: 'w', type: 'float32', dims: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
    }),
    onStrings('StringNormalizer', { stopwords: { strings: ['a'] }, is_case_sensitive: 1, locale: 'C' }),
  ]
}

function subgraphCases(): OneOperatorCase[] {
  const branch = (op: string): OnnxGraph => ({
    nodes: [{ op, inputs: ['x'], outputs: [`${op}Y`] }],
    inputs: [],
    outputs: [float(`${op}Y`, 'N')],
  })
  const body: OnnxGraph = {
    nodes: [
      { op: 'Identity', inputs: ['going'], outputs: ['goOn'] },
      { op: 'Add', inputs: ['sum', 'x'], outputs: ['next'] },
      { op: 'Identity', inputs: ['next'], outputs: ['seen'] },
    ],
    inputs: [
      { name: 'round', type: 'int64', shape: [] },
      { name: 'going', type: 'bool', shape: [] },
      float('sum', 'N'),
    ],
    outputs: [{ name: 'goOn', type: 'bool', shape: [] }, float('next', 'N'), float('seen', 'N')],
  }
  return [
    build('If', {
      nodes: [
        {
          op: 'If',
          inputs: ['condition'],
          outputs: ['y'],
          attributes: { then_branch: { graph: branch('Relu') }, else_branch: { graph: branch('Neg') } },
        },
      ],
      inputs: [{ name: 'condition', type: 'bool', shape: [] }, float('x', 'N')],
      outputs: [float('y', 'N')],
      feeds: { condition: { shape: [], data: [false] }, x: sampleTensor('float32', [4]) },
    }),
    build('Loop', {
      nodes: [
        {
          op: 'Loop',
          inputs: ['rounds', 'always', 'x'],
          outputs: ['total', 'sums'],
          attributes: { body: { graph: body } },
        },
      ],
      inputs: [{ name: 'rounds', type: 'int64', shape: [] }, float('x', 'N')],
      outputs: [float('total', 'N'), float('sums', 'rounds', 'N')],
      initializers: [{ name: 'always', type: 'bool', dims: [], data: Uint8Array.of(1) }],
      feeds: { rounds: scalar(3), x: { shape: [2], data: [1, 0.5] } },
    }),
  ]
}

interface OnFloatsOptions {
  name?: string
  outputs?: TensorSpec[]
  attributes?: Record<string, OnnxAttribute>
  constants?: OnnxInitializer[]
}

/** An operator on one float32 tensor that holds 0, 1, 2 and so on. */
function onFloats(
  op: string,
  declared: (string | number)[],
  shape: number[],
  options: OnFloatsOptions = {},
): OneOperatorCase {
  const { name = '', outputs = [float('y', ...declared)], attributes = {}, constants = [] } = options
  const length = shape.reduce((product, size) => product * size, 1)
  return build(`${op} ${name}`.trim(), {
    nodes: [
      {
        op,
        inputs: ['x', ...constants.map((constant) => constant.name)],
        outputs: outputs.map((output) => output.name),
        attributes,
      },
    ],
    inputs: [float('x', ...declared)],
    outputs,
    initializers: constants,
    feeds: { x: { shape, data: Array.from({ length }, (_, index) => index % 3) } },
  })
}

function onStrings(op: string, attributes: Record<string, OnnxAttribute>): OneOperatorCase {
  return build(op, {
    nodes: [{ op, inputs: ['x'], outputs: ['y'], attributes }],
    inputs: [{ name: 'x', type: 'string', shape: ['N'] }],
    outputs: [{ name: 'y', type: 'string', shape: ['M'] }],
    feeds: { x: { shape: [3], data: ['a', 'é', 'word'] } },
  })
}

function build(
  name: string,
  { feeds, ...graph }: OnnxGraph & Pick<OneOperatorCase, 'feeds'>,
): OneOperatorCase {
  return { name, inputs: graph.inputs, outputs: graph.outputs, graph, onnx: encodeOnnx(graph), feeds }
}

/** Cases side by side in one model, whose names and open dimensions end in the number of their case. */
export function joinCases(name: string, cases: readonly OneOperatorCase[]): OneOperatorCase {
  const parts = cases.map(({ graph, feeds }, i) => {
    const named = (text: string) => (text === '' ? '' : `${text}_${i}`)
    const spec = ({ shape, ...rest }: TensorSpec): TensorSpec => ({
      ...rest,
      name: named(rest.name),
      shape: shape?.map((size) => (typeof size === 'string' ? named(size) : size)) ?? null,
    })
    return {
      nodes: graph.nodes.map((node) => ({
        ...node,
        inputs: node.inputs.map(named),
        outputs: node.outputs.map(named),
      })),
      inputs: graph.inputs.map(spec),
      outputs: graph.outputs.map(spec),
      initializers: (graph.initializers ?? []).map((each) => ({ ...each, name: named(each.name) })),
      feeds: Object.entries(feeds).map(([input, tensor]) => [named(input), tensor] as const),
    }
  })
  return build(name, {
    nodes: parts.flatMap(({ nodes }) => nodes),
    inputs: parts.flatMap(({ inputs }) => inputs),
    outputs: parts.flatMap(({ outputs }) => outputs),
    initializers: parts.flatMap(({ initializers }) => initializers),
    feeds: Object.fromEntries(parts.flatMap(({ feeds }) => feeds)),
  })
}

function float(name: string, ...shape: (number | string)[]): TensorSpec {
  return { name, type: 'float32', shape }
}

function longs(name: string): TensorSpec {
  return { name, type: 'int64', shape: [`${name}Count`] }
}

function int64s(name: string, values: number[]): OnnxInitializer {
  return { name, type: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) }
}

function scalar(value: JsonElement): CaseTensor {
  return { shape: [], data: [value] }
}

function asElement(type: ElementType): (value: number) => JsonElement {
  if (type === 'bool') return (value) => value === 1
  if (type === 'string') return String
  return (value) => value
}
