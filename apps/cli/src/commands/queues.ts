import { parseArgs } from 'node:util'
import type { Output } from '../output.js'
import { changeMessage, queueTable } from '../queues/present-queues.js'
import { QueuesApi, queueChanges } from '../queues/queues-api.js'
import type { ServerSettings } from '../server-client.js'

const help = `Usage: augur queues <command> [--json]

  list
  pause VERSION    predictions are taken, and none begins
  drain VERSION    nothing new is taken, and what waits is run
  resume VERSION   ends a pause and a drain
  purge VERSION    cancels what waits; what runs goes on

VERSION is an id, or model and label: digits:int8. Each change is in the audit log.
AUGUR_URL says which server is asked, by default the one of HOST and PORT; AUGUR_API_KEY is the key it is asked with,
which needs the scope admin.`

interface QueuesConfig {
  settings: ServerSettings
  output: Pick<Output, 'line' | 'error'>
}

interface Answer {
  text: string
  json: unknown
}

/** Null when there is no such command. */
async function answerOf(api: QueuesApi, positionals: readonly string[]): Promise<Answer | null> {
  const [command, reference, ...rest] = positionals
  if (command === 'list' && reference === undefined) {
    const queues = await api.list()
    return { text: queueTable(queues), json: queues }
  }
  const change = queueChanges.find((name) => name === command)
  if (change === undefined || reference === undefined || rest.length > 0) return null
  const changed = await api.change(reference, change)
  return { text: changeMessage(change, changed), json: changed }
}

/**
 * `augur queues …`: asks a running server. Returns the exit code.
 * @throws RefusedError
 */
export async function runQueues(argv: string[], { settings, output }: QueuesConfig): Promise<number> {
  const options = { help: { type: 'boolean', short: 'h' }, json: { type: 'boolean' } } as const
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true })
  const answer = values.help ? null : await answerOf(new QueuesApi(settings), positionals)
  if (answer) {
    output.line(values.json ? JSON.stringify(answer.json) : answer.text)
    return 0
  }
  output[values.help ? 'line' : 'error'](help)
  return values.help ? 0 : 2
}
