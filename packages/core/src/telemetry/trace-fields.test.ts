import { expect, test } from 'vitest'
import { spanFields, traceFields } from './trace-fields.js'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'

test('a line of the log names the trace that it is of, and the span where that lasts', () => {
  const traceparent = `00-${traceId}-${spanId}-01`
  expect(traceFields(traceparent)).toEqual({ traceId })
  expect(spanFields(traceparent)).toEqual({ traceId, spanId })
})

test('a line of no trace is as it would be without tracing', () => {
  for (const traceparent of [undefined, '', 'none'])
    expect({ requestId: '1', ...traceFields(traceparent), ...spanFields(traceparent) }).toEqual({
      requestId: '1',
    })
})
