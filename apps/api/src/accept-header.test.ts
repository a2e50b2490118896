import { expect, test } from 'vitest'
import { accepts } from './accept-header.js'

test.each([
  '*/*',
  'application/json',
  'Application/JSON; charset=utf-8',
  'application/*',
  'text/html, application/xhtml+xml, */*;q=0.8',
  'image/png, application/json;q=0.1',
  '*/*;q=0, application/json',
])('%s takes JSON', (accept) => {
  expect(accepts(accept, 'application/json')).toBe(true)
})

test.each([
  'image/png',
  'text/*',
  'application/xml, text/html',
  'application/json;q=0, */*',
  '*/*;q=0',
  'application/jsonl',
  'json',
])('%s does not', (accept) => {
  expect(accepts(accept, 'application/json')).toBe(false)
})
