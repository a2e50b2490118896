import type { Output } from '@augur/cli/output'

const stderr = 2
const silent = () => undefined

/** Nothing but what goes wrong, apart from the results. */
export const quietOutput: Output = {
  line: silent,
  error: (text) => void process.stderr.write(`${text}\n`),
  stdio: stderr,
  attach: silent,
}
