import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { writeModelDocs } from './model-docs.js'

const path = fileURLToPath(new URL('../models/README.md', import.meta.url))
writeFileSync(path, writeModelDocs(readFileSync(path, 'utf8')))
