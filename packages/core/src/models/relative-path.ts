import { z } from 'zod'

/** A file's path inside its version's folder: relative, forward slashes, nothing hidden, no way up. */
export const relativePath = z
  .string()
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9_.-]*(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/,
    'must be a path inside the version folder',
  )
