import { inspect } from 'node:util'
import { ConfigError } from './config.js'
import { StartupError } from './startup-error.js'

/** Ends a process that cannot start, with its reason: without a stack where the operator can mend it. */
export function refuseStart(reason: unknown): never {
  const isExpected = reason instanceof ConfigError || reason instanceof StartupError
  process.stderr.write(`${isExpected ? reason.message : inspect(reason)}\n`)
  process.exit(1)
}
