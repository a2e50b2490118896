import type { Requests } from './requests.js'
import type { Row } from './row.js'

const invalid = { status: 422, code: 'invalid_input' }
const malformed = { status: 400, code: 'invalid_request' }

function nestedArrays({ predictionOf }: Requests): Row[] {
  const sum = (name: string, input: string, pointer = '/input/x'): Row => ({
    name,
    request: predictionOf('sum', input),
    expected: { ...invalid, pointer },
  })
  return [
    sum('1e400', '{"x":[1,2,1e400]}', '/input/x/2'),
    sum('1e39 for float32', '{"x":[1,2,1e39]}', '/input/x/2'),
    sum('a text for a number', '{"x":[1,2,"3"]}', '/input/x/2'),
    sum('a boolean for a number', '{"x":[1,2,true]}', '/input/x/2'),
    sum('null for a number', '{"x":[1,null,3]}', '/input/x/1'),
    sum('too few numbers', '{"x":[1,2]}'),
    sum('too many numbers', '{"x":[1,2,3,4]}'),
    sum('a rank too many', '{"x":[[1,2,3]]}'),
    sum('no array', '{"x":1}'),
    sum('nothing', '{}'),
    sum('a further input', '{"x":[1,2,3],"y":1}', '/input/y'),
    sum('an array for the input', '[1,2,3]', '/input'),
    sum('a text for the input', '"x"', '/input'),
  ]
}

function encoded({ predictionOf }: Requests): Row[] {
  const of = (name: string, model: string, tensor: string): Row => ({
    name,
    request: predictionOf(model, `{"x":${tensor}}`),
    expected: invalid,
  })
  const sized = (shape: string, data = '"data":[1,2,3]') => `{"shape":${shape},${data}}`
  const base64 = (text: string) => `"base64":${JSON.stringify(text)}`
  return [
    of('a negative dimension', 'sum', sized('[-1,3]')),
    of('a fractional dimension', 'sum', sized('[1.5,3]')),
    of('a dimension beyond 32 bits', 'sum', sized('[4294967296,3]')),
    of('dimensions that overflow', 'sum', sized('[2147483647,3]')),
    of('a wrong dimension', 'sum', sized('[1,4]')),
    of('a rank of 9', 'sum', sized('[1,1,1,1,1,1,1,1,3]')),
    of('no shape', 'sum', '{"data":[1,2,3]}'),
    of('a shape of texts', 'sum', sized('["1","3"]')),
    of('data that is not as long as its shape', 'sum', sized('[2,3]')),
    of('data twice', 'sum', `{"shape":[1,3],"data":[1,2,3],${base64('AAAAAAAAAAAAAAAA')}}`),
    of('another datatype', 'sum', '{"datatype":"INT64","shape":[1,3],"data":[1,2,3]}'),
    of('an unknown property', 'sum', '{"shape":[1,3],"data":[1,2,3],"strides":[1]}'),
    of('characters that base64 has not', 'sum', sized('[1,3]', base64('AAAA****AAAAAAAA'))),
    of('base64 without its padding', 'sum', sized('[1,3]', base64('AAAAA'))),
    of('bytes that are no whole elements', 'sum', sized('[1,3]', base64('AAAAAAA='))),
    of('an int64 that JSON cannot hold exactly', 'whole', sized('[1,2]', '"data":[9007199254740993,1]')),
    of('a text beyond int64', 'whole', sized('[1,2]', '"data":["9223372036854775808","1"]')),
    of('a text that is no number', 'whole', sized('[1,2]', '"data":["0x10","1"]')),
    of('1.5 for an integer', 'whole', sized('[1,2]', '"data":[1.5,1]')),
    of('256 for uint8', 'bytes', sized('[1,2]', '"data":[256,0]')),
    of('-1 for uint8', 'bytes', sized('[1,2]', '"data":[-1,0]')),
    of('NaN for an integer', 'bytes', sized('[1,2]', '"data":["NaN",0]')),
    of('half a surrogate pair', 'words', sized('[1]', String.raw`"data":["\ud800"]`)),
    of('U+0000 in a text', 'words', sized('[1]', String.raw`"data":["a\u0000b"]`)),
    of('a number for a text', 'words', sized('[1]', '"data":[1]')),
  ]
}

function openInference({ infer }: Requests): Row[] {
  const x = { name: 'x', shape: [1, 3], datatype: 'FP32', data: [1, 2, 3] }
  const of = (name: string, inputs: unknown, expected: Row['expected'] = invalid): Row => ({
    name: `/v2: ${name}`,
    request: infer('sum', inputs),
    expected,
  })
  const binary = (name: string, head: string, length: string, expected: Row['expected']): Row => ({
    name: `/v2: ${name}`,
    request: infer('sum', head, [
      ['Content-Type', 'application/octet-stream'],
      ['Inference-Header-Content-Length', length],
    ]),
    expected,
  })
  const asBytes = (size: number) =>
    `{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","parameters":{"binary_data_size":${size}}}]}`
  const head = asBytes(12)
  return [
    of('no inputs', []),
    of('inputs that are no array', 'null', { status: 422 }),
    of('a tensor twice', [x, x]),
    of('another name', [{ ...x, name: 'y' }]),
    of('a further tensor', [x, { ...x, name: 'y' }]),
    of('another datatype', [{ ...x, datatype: 'INT64' }]),
    of('an unknown datatype', [{ ...x, datatype: 'FP128' }]),
    of('a negative dimension', [{ ...x, shape: [-1, 3] }]),
    of('dimensions that overflow', [{ ...x, shape: [2 ** 31, 2 ** 31] }]),
    of('a rank of 9', [{ ...x, shape: [1, 1, 1, 1, 1, 1, 1, 1, 3] }]),
    of('too little data', [{ ...x, data: [1, 2] }]),
    of('neither data nor bytes', [{ name: 'x', shape: [1, 3], datatype: 'FP32' }]),
    binary('a head that is longer than the body', head, '99999', malformed),
    binary('a head of a negative length', head, '-5', malformed),
    binary('a head of no length', head, '0', malformed),
    binary('bytes that are not there', head, String(head.length), { status: [400, 422] }),
    binary('more bytes than the size says', `${head}${'\0'.repeat(64)}`, String(head.length), {
      status: [400, 422],
    }),
    binary('a size beyond all bytes', `${asBytes(4e9)}${'\0'.repeat(12)}`, String(asBytes(4e9).length), {
      status: [400, 422],
    }),
    {
      name: '/v2: an unknown model',
      request: infer('nothing', [x]),
      expected: { status: 404, code: 'not_found' },
    },
  ]
}

const png = (width: number, height: number) => {
  const header = Buffer.alloc(25)
  header.writeUInt32BE(13, 0)
  header.write('IHDR', 4, 'latin1')
  header.writeUInt32BE(width, 8)
  header.writeUInt32BE(height, 12)
  header.set([8, 2, 0, 0, 0], 16)
  header.writeUInt32BE(crcOf(header.subarray(4, 21)), 21)
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), header])
}

/** Of PNG's chunks (ISO 3309). */
function crcOf(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

function images({ predict }: Requests): Row[] {
  const of = (name: string, image: Buffer | string): Row => ({
    name: `an image: ${name}`,
    request: predict({
      model: 'digits',
      input: {
        image: typeof image === 'string' ? image : `data:image/png;base64,${image.toString('base64')}`,
      },
    }),
    expected: invalid,
  })
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
  return [
    of('50,000 pixels by 50,000', png(50_000, 50_000)),
    of('16,383 pixels by 16,383', png(16_383, 16_383)),
    of('1 pixel by 100 million', png(1, 100_000_000)),
    of('half of a PNG', png(8, 8)),
    of('a GIF', Buffer.from('GIF89a\x01\x00\x01\x00\x80\x00\x00', 'latin1')),
    of('an SVG', `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`),
    of('a PDF', Buffer.from('%PDF-1.7\n')),
    of('no base64', 'data:image/png;base64,****'),
    of('a file of the server', 'file:///etc/passwd'),
    of('an address of the server', 'http://127.0.0.1:6379/'),
  ]
}

/** Inputs that no model may see. */
export function tensorRows(requests: Requests): Row[] {
  return [...nestedArrays(requests), ...encoded(requests), ...openInference(requests), ...images(requests)]
}
