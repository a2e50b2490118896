import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { clientSchemas } from './client-schemas.js'
import { writeClientTypes } from './client-types.js'

const path = fileURLToPath(new URL('../packages/client/src/types.ts', import.meta.url))

test('the client has the types of the schemas as they are now: `npm run client:types` writes them', () => {
  expect(readFileSync(path, 'utf8')).toBe(writeClientTypes(clientSchemas))
})

test('a schema that has no TypeScript yet is refused', () => {
  expect(() => writeClientTypes([z.strictObject({ when: z.date() })])).toThrow('date')
})
