import type { ExecutionProvider } from '@augur/core/models/manifest'
import { InferenceSession } from 'onnxruntime-node'

/** No execution provider of the list can be used here. The message says why for each, without paths. */
export class ProviderUnavailableError extends Error {
  override readonly name = 'ProviderUnavailableError'
}

/** What ONNX Runtime calls them. */
const ortNames: Record<ExecutionProvider, string> = {
  cpu: 'cpu',
  cuda: 'cuda',
  webgpu: 'webgpu',
  coreml: 'coreml',
  directml: 'dml',
}

/**
 * Opens a model on the first execution provider that can be used, trying one by one: ONNX Runtime gives up at the first
 * of a list that it cannot use. Rejects with `ProviderUnavailableError`, or with what ONNX Runtime says of the model.
 */
export async function createSession(
  path: string,
  providers: readonly ExecutionProvider[],
  options: InferenceSession.SessionOptions,
): Promise<{ session: InferenceSession; provider: ExecutionProvider }> {
  const reasons: string[] = []
  let refusal: unknown
  for (const provider of providers) {
    try {
      const executionProviders = [ortNames[provider]]
      return { session: await InferenceSession.create(path, { ...options, executionProviders }), provider }
    } catch (error) {
      const message = messageOf(error)
      if (provider === 'cpu' || message.startsWith('Load model ')) refusal ??= error
      else reasons.push(`${provider} is not available here: ${explain(provider, message)}`)
      process.stderr.write(`no session on ${provider}: ${message}\n`)
    }
  }
  throw refusal ?? new ProviderUnavailableError(reasons.join('; '))
}

/** What whoever runs the server can do about it. */
function explain(provider: ExecutionProvider, message: string): string {
  if (/backend not found/.test(message))
    return `onnxruntime-node has no ${provider} for ${process.platform} ${process.arch}`
  if (/shared library/.test(message)) return 'its libraries are not installed or do not load'
  if (/adapter/.test(message)) return 'no graphics adapter was found'
  return withoutPaths(message)
}

function withoutPaths(message: string): string {
  const [line = ''] = message.split('\n')
  return line.replaceAll(/(?:[A-Za-z]:)?[\\/][^\s:'"]*/g, '…').slice(0, 300)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
