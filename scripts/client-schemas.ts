import { getRefId } from '@asteasolutions/zod-to-openapi'
import { z } from 'zod'
import { problemSchema } from '../apps/api/src/problem.js'
import * as batchSchemas from '../apps/api/src/replicate/batch-schemas.js'
import * as fileSchemas from '../apps/api/src/replicate/file-schemas.js'
import * as schemas from '../apps/api/src/replicate/schemas.js'

const modules: object[] = [schemas, batchSchemas, fileSchemas, { problemSchema }]

/** Every schema of the predictions API that has a name, and that of its refusals. */
export const clientSchemas: readonly z.ZodType[] = modules
  .flatMap((each): unknown[] => Object.values(each))
  .filter((each) => each instanceof z.ZodType)
  .filter((schema) => getRefId(schema) !== undefined)
