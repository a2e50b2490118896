import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** Vitest's global set-up: runners are processes of what was built, so it is built from the sources under test. */
export default function setup(): void {
  // Types are checked elsewhere: with a type error in it, it is built all the same.
  spawnSync(`${root}node_modules/.bin/tsc`, ['-b', 'packages/inference'], { cwd: root, stdio: 'inherit' })
}
