import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Finding, ok, problem } from './finding.js'

const loads = `const { env } = await import('onnxruntime-node'); process.stdout.write(env.versions?.node ?? '')`
const withinMs = 30_000

/** Whether the ONNX Runtime of this installation loads, in a process of its own: one that does not may end it. */
export async function checkRuntime(root: string): Promise<Finding> {
  try {
    const options = { cwd: root, timeout: withinMs }
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', loads],
      options,
    )
    return ok('ONNX Runtime', `onnxruntime-node ${stdout}`.trim())
  } catch (error) {
    const why =
      error instanceof Error ? (error.message.split('\n').find((line) => /Error/.test(line)) ?? '') : ''
    return problem('ONNX Runtime', `does not load. ${why}`.trim(), 'rm -rf node_modules && npm ci')
  }
}
