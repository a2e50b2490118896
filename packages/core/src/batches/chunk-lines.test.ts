import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeLines,
  encodeInvalidLine,
  encodeValidLine,
  errorLine,
  failureText,
  resultLine,
} from './chunk-lines.js'

const json = fc.json({ stringUnit: 'binary' }).map((text) => JSON.stringify(JSON.parse(text)))
const customId = fc.option(fc.string({ unit: 'binary', minLength: 1 })).map((id) => JSON.stringify(id))

test('whatever a line holds, a chunk gives it back as it was', () => {
  const line = fc.record({ customId, input: json, isValid: fc.boolean() })
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), (lines) => {
      const failure = { error: 'a\tb\n!', error_code: 'invalid_input' }
      const encoded = lines.map((each) =>
        each.isValid ? encodeValidLine(each.customId, each.input) : encodeInvalidLine(each.customId, failure),
      )
      expect(decodeLines(encoded.join('\n'))).toEqual(
        lines.map((each) =>
          each.isValid
            ? { customId: each.customId, isValid: true, input: each.input }
            : { customId: each.customId, isValid: false, failure: failureText(failure) },
        ),
      )
    }),
  )
})

test('lines of the downloads are JSON, one a line', () => {
  fc.assert(
    fc.property(customId, json, (id, output) => {
      const [result, error] = [
        resultLine(7, id, output),
        errorLine(7, id, failureText({ error: 'e', error_code: 'c' })),
      ]
      for (const text of [result, error]) expect(text.indexOf('\n')).toBe(text.length - 1)
      expect(JSON.parse(result)).toEqual({ line: 7, custom_id: JSON.parse(id), output: JSON.parse(output) })
      expect(JSON.parse(error)).toEqual({ line: 7, custom_id: JSON.parse(id), error: 'e', error_code: 'c' })
    }),
  )
})
