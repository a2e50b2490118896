import type { RunnerNotice, RunnerReply, RunnerRequest } from './protocol.js'

type Fields = Partial<Record<string, unknown>>

/** Whether a message of a child is the reply to this request. A version's own module may send anything at all. */
export function isReplyTo(request: RunnerRequest, message: unknown): message is RunnerReply {
  const fields: Fields = Object(message)
  if (request.kind === 'run') return fields.run === request.run && isRunReply(fields, request.size)
  if (fields.versionId !== request.versionId) return false
  if (request.kind === 'release') return fields.kind === 'released'
  return fields.kind === 'loaded' || fields.kind === 'loadFailed'
}

function isRunReply({ kind, results }: Fields, inputs: number): boolean {
  return kind === 'resourceLimit' || (kind === 'ran' && Array.isArray(results) && results.length === inputs)
}

export function isNotice(message: unknown): message is RunnerNotice {
  const { kind, count }: Fields = Object(message)
  return kind === 'failedRuns' && typeof count === 'number'
}
