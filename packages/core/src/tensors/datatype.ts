import type { ElementType } from '../models/manifest.js'

/** Element types as the Open Inference Protocol names them. */
export const datatypes = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
] as const
export type Datatype = (typeof datatypes)[number]

const datatypeByElementType: Record<ElementType, Datatype> = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
}

const elementTypeByDatatype: Record<Datatype, ElementType> = {
  BOOL: 'bool',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  FP32: 'float32',
  FP64: 'float64',
  BYTES: 'string',
}

export function isDatatype(name: unknown): name is Datatype {
  return datatypes.some((datatype) => datatype === name)
}

export function datatypeOf(type: ElementType): Datatype {
  return datatypeByElementType[type]
}

export function elementTypeOf(datatype: Datatype): ElementType {
  return elementTypeByDatatype[datatype]
}
