// Field numbers are those of onnx.proto. A field that occurs twice is merged, as protobuf has it.
import type { OnnxModel, OnnxValue } from './onnx-model.js'
import { type ByteSource, WireError, WireReader, type WireValue } from './wire-reader.js'

export type OnnxReading = { ok: true; model: OnnxModel } | { ok: false; reason: string }

type Handler = (end: number) => Promise<void>

const valueKinds = new Map<number, OnnxValue['kind']>([
  [1, 'tensor'],
  [4, 'sequence'],
  [5, 'map'],
  [7, 'opaque'],
  [8, 'sparse tensor'],
  [9, 'optional'],
])

/** Reads what an ONNX file says about itself and seeks past its weights. Errors of the source reject. */
export async function readOnnx(source: ByteSource): Promise<OnnxReading> {
  const walk = new ModelWalk(new WireReader(source))
  try {
    await walk.readModel(source.size)
  } catch (error) {
    if (error instanceof WireError) return { ok: false, reason: error.message }
    throw error
  }
  return walk.hasGraph ? { ok: true, model: walk.model } : { ok: false, reason: 'holds no graph' }
}

/** One pass over a ModelProto. */
class ModelWalk {
  readonly model: OnnxModel = {
    irVersion: 0,
    opsets: new Map(),
    inputs: [],
    outputs: [],
    initializers: new Set(),
    externalData: new Map(),
    domains: new Set(),
    functionDomains: new Set(),
  }
  hasGraph = false

  constructor(private readonly reader: WireReader) {}

  async readModel(end: number): Promise<void> {
    await this.reader.message(end, (field, { integer, end: valueEnd }) => {
      if (field === 1 && integer !== undefined) this.model.irVersion = integer
      if (valueEnd === undefined) return undefined
      if (field === 7) return this.#readMainGraph(valueEnd)
      if (field === 8) return this.#readOpset(valueEnd)
      if (field === 20) return this.#nested(valueEnd, { 1: this.#readSubgraph, 2: this.#readSubgraph })
      return field === 25 ? this.#readFunction(valueEnd) : undefined
    })
  }

  /** Hands the length-delimited fields that have a handler to it. */
  #nested(end: number, handlers: Record<number, Handler>): Promise<void> {
    return this.reader.message(end, (field, value) =>
      value.end === undefined ? undefined : handlers[field]?.(value.end),
    )
  }

  #readMainGraph(end: number): Promise<void> {
    this.hasGraph = true
    const { inputs, outputs, initializers } = this.model
    const named: Handler = async (valueEnd) => void initializers.add(await this.#readTensor(valueEnd))
    const sparse: Handler = async (valueEnd) => void initializers.add(await this.#readSparseTensor(valueEnd))
    return this.#nested(end, {
      1: this.#readNode,
      5: named,
      11: async (valueEnd) => void inputs.push(await this.#readValueInfo(valueEnd)),
      12: async (valueEnd) => void outputs.push(await this.#readValueInfo(valueEnd)),
      15: sparse,
    })
  }

  #readSubgraph: Handler = (end) =>
    this.#nested(end, { 1: this.#readNode, 5: this.#skimTensor, 15: this.#skimSparseTensor })

  #readNode: Handler = async (end) => {
    let domain = ''
    await this.#nested(end, {
      5: this.#readAttribute,
      7: async (valueEnd) => {
        domain = await this.reader.text(valueEnd)
      },
    })
    this.model.domains.add(domain)
  }

  #readAttribute: Handler = (end) =>
    this.#nested(end, {
      5: this.#skimTensor,
      6: this.#readSubgraph,
      10: this.#skimTensor,
      11: this.#readSubgraph,
      22: this.#skimSparseTensor,
      23: this.#skimSparseTensor,
    })

  #readFunction(end: number): Promise<void> {
    return this.#nested(end, {
      7: this.#readNode,
      10: async (valueEnd) => void this.model.functionDomains.add(await this.reader.text(valueEnd)),
      11: this.#readAttribute,
    })
  }

  #skimTensor: Handler = async (end) => void (await this.#readTensor(end))
  #skimSparseTensor: Handler = async (end) => void (await this.#readSparseTensor(end))

  /** Notes where the tensor's data lies, used or not, and gives its name. */
  async #readTensor(end: number): Promise<string> {
    let name = ''
    let isExternal = false
    const entries = new Map<string, string>()
    await this.reader.message(end, (field, { integer, end: valueEnd }) => {
      if (field === 14 && integer === 1) isExternal = true
      if (valueEnd === undefined) return undefined
      if (field === 13) return this.#readEntry(valueEnd, entries)
      return field === 8 ? this.reader.text(valueEnd).then((text) => void (name = text)) : undefined
    })
    if (isExternal || entries.has('location')) this.#noteExternal(entries)
    return name
  }

  async #readSparseTensor(end: number): Promise<string> {
    let name = ''
    await this.#nested(end, {
      1: async (valueEnd) => {
        name = await this.#readTensor(valueEnd)
      },
      2: this.#skimTensor,
    })
    return name
  }

  #noteExternal(entries: Map<string, string>): void {
    const location = entries.get('location')
    if (location === undefined) throw new WireError('has external data without a location')
    const needed = byteCount(entries.get('offset')) + byteCount(entries.get('length'))
    const known = this.model.externalData.get(location) ?? 0
    this.model.externalData.set(location, Math.max(known, needed))
  }

  async #readEntry(end: number, entries: Map<string, string>): Promise<void> {
    const texts = await this.#readTexts(end)
    const key = texts.get(1) ?? ''
    // A second location would hide the first.
    if (key === 'location' && entries.has(key)) throw new WireError('has external data with two locations')
    entries.set(key, texts.get(2) ?? '')
  }

  /** Fields 1 and 2 of a message, where they are text. */
  async #readTexts(end: number): Promise<Map<number, string>> {
    const texts = new Map<number, string>()
    const note =
      (field: number): Handler =>
      async (valueEnd) =>
        void texts.set(field, await this.reader.text(valueEnd))
    await this.#nested(end, { 1: note(1), 2: note(2) })
    return texts
  }

  async #readOpset(end: number): Promise<void> {
    let domain = ''
    let version = 0
    await this.reader.message(end, (field, { integer, end: valueEnd }) => {
      if (field === 2 && integer !== undefined) version = integer
      if (field !== 1 || valueEnd === undefined) return undefined
      return this.reader.text(valueEnd).then((text) => void (domain = text))
    })
    this.model.opsets.set(domain, version)
  }

  async #readValueInfo(end: number): Promise<OnnxValue> {
    const value: OnnxValue = { name: '', kind: 'untyped', elementCode: 0, shape: null }
    await this.#nested(end, {
      1: async (valueEnd) => {
        value.name = await this.reader.text(valueEnd)
      },
      2: (valueEnd) => this.#readType(valueEnd, value),
    })
    return value
  }

  #readType(end: number, value: OnnxValue): Promise<void> {
    return this.reader.message(end, (field, { end: valueEnd }) => {
      const kind = valueKinds.get(field)
      if (!kind || valueEnd === undefined) return undefined
      value.kind = kind
      return kind === 'tensor' ? this.#readTensorType(valueEnd, value) : undefined
    })
  }

  #readTensorType(end: number, value: OnnxValue): Promise<void> {
    return this.reader.message(end, (field, { integer, end: valueEnd }) => {
      if (field === 1 && integer !== undefined) value.elementCode = integer
      if (field !== 2 || valueEnd === undefined) return undefined
      const shape = (value.shape ??= [])
      return this.#nested(valueEnd, {
        1: async (dimensionEnd) => void shape.push(await this.#readDimension(dimensionEnd)),
      })
    })
  }

  async #readDimension(end: number): Promise<number | string | null> {
    let dimension: number | string | null = null
    const note = ({ integer, end: valueEnd }: WireValue, field: number) => {
      if (field === 1 && integer !== undefined) dimension = integer >= 0 ? integer : null
      if (field !== 2 || valueEnd === undefined) return undefined
      return this.reader.text(valueEnd).then((text) => void (dimension = text === '' ? null : text))
    }
    await this.reader.message(end, (field, value) => note(value, field))
    return dimension
  }
}

function byteCount(text: string | undefined): number {
  if (text === undefined) return 0
  if (!/^\d{1,15}$/.test(text)) throw new WireError('has external data with an impossible offset or length')
  return Number(text)
}
