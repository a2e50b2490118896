import { defects } from './defects.js'

// Loaded before a program of the product (`node --import`), which itself knows nothing of defects.
const [, defect] = Object.entries(defects).find(([name]) => name === process.env.CHAOS_DEFECT) ?? []
if (!defect) throw new Error(`CHAOS_DEFECT names no defect: ${process.env.CHAOS_DEFECT}`)
defect.seed()
