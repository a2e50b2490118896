import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { clientSchemas } from './client-schemas.js'
import { writeClientTypes } from './client-types.js'

writeFileSync(
  fileURLToPath(new URL('../packages/client/src/types.ts', import.meta.url)),
  writeClientTypes(clientSchemas),
)
