import { z } from 'zod'

/** The fields of an `Interval`. */
export const intervalSchema = { low: z.number(), high: z.number() }
