import { expect, test } from 'vitest'
import { z } from 'zod'
import { fieldErrors } from './field-errors.js'

function errorsOf(schema: z.ZodType, value: unknown) {
  const { error } = schema.safeParse(value)
  if (!error) throw new Error('the value must be refused')
  return fieldErrors(error, ['input'])
}

test('a fault is found at its pointer, with its field named in words', () => {
  const [error] = errorsOf(z.object({ x: z.array(z.number()) }), { x: [1, 'two'] })
  expect(error).toMatchObject({ pointer: '/input/x/1', code: 'invalid_type' })
  expect(error?.detail).toMatch(/^input\.x\.1: /)
})

test('keys are escaped in pointers', () => {
  const [error] = errorsOf(z.strictObject({}), { 'a/b~c': 1 })
  expect(error).toMatchObject({ pointer: '/input/a~1b~0c', code: 'unknown_property' })
})

test('many or long unknown keys are not all repeated', () => {
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`${'k'.repeat(1000)}${i}`, 1]))
  const errors = errorsOf(z.strictObject({}), many)
  expect(errors).toHaveLength(20)
  expect(JSON.stringify(errors).length).toBeLessThan(10_000)
})

test('values are never repeated', () => {
  const schema = z.strictObject({ a: z.number(), b: z.enum(['x']), c: z.string().max(3), d: z.literal(1) })
  const secret = 'do-not-repeat-me'
  expect(JSON.stringify(errorsOf(schema, { a: secret, b: secret, c: secret, d: secret }))).not.toContain(
    secret,
  )
})
