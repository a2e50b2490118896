import { type Finding, ok, problem } from './finding.js'

/** Whether this Node.js runs Augur. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return ok('Node.js', version)
  return problem('Node.js', `${version} is too old`, 'install Node.js 20.19 or newer: https://nodejs.org')
}
