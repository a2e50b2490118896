import { prettyJson } from '../ui/json.js'
import type { Input } from './input-fields.js'

export const sampleNames = ['curl', 'JavaScript', 'Augur client', 'Python'] as const
export type SampleName = (typeof sampleNames)[number]

export interface Sample {
  /** As it is copied. */
  code: string
  /** With long texts cut, for looking at. */
  shown: string
}

interface CallFacts {
  /** The server, for example `http://127.0.0.1:8000`. */
  origin: string
  /** `owner/name`, or `owner/name:label`. */
  version: string
  input: Input
  hasKey: boolean
}

const longestShown = 60

/** The call that this page makes, in four ways. */
export function sampleOf(name: SampleName, facts: CallFacts): Sample {
  const write = writers[name]
  return { code: write(facts), shown: write({ ...facts, input: shorten(facts.input) }) }
}

const writers: Record<SampleName, (facts: CallFacts) => string> = {
  curl: ({ origin, version, input, hasKey }) =>
    [
      `curl -s ${origin}/api/v1/predictions \\`,
      ...(hasKey ? ['  -H "Authorization: Bearer $AUGUR_API_KEY" \\'] : []),
      "  -H 'Content-Type: application/json' -H 'Prefer: wait' \\",
      `  -d ${quoteShell(JSON.stringify({ version, input }))}`,
    ].join('\n'),
  JavaScript: ({ origin, version, input, hasKey }) => `import Replicate from 'replicate'

const replicate = new Replicate({ auth: ${hasKey ? 'process.env.AUGUR_API_KEY' : "'none'"}, baseUrl: '${origin}/api/v1' })
const output = await replicate.run('${version}', {
  input: ${indent(prettyJson(input), 2)},
})
console.log(output)`,
  'Augur client': ({ origin, version, input, hasKey }) => `import { Augur } from '@augur/client'

const augur = new Augur({ url: '${origin}'${hasKey ? ', key: process.env.AUGUR_API_KEY' : ''} })
const output = await augur.run('${version}', ${prettyJson(input)})
console.log(output)`,
  Python: ({
    origin,
    version,
    input,
    hasKey,
  }) => `${hasKey ? 'import os\n' : ''}from replicate.client import Client

client = Client(api_token=${hasKey ? 'os.environ["AUGUR_API_KEY"]' : '"none"'}, base_url="${origin}/api")
output = client.run(
    "${version}",
    input=${indent(toPython(input), 4)},
)
print(output)`,
}

const indent = (text: string, by: number) => text.replaceAll('\n', `\n${' '.repeat(by)}`)
const quoteShell = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`

const inPython: Readonly<Record<string, string>> = { true: 'True', false: 'False', null: 'None' }

/** A literal of Python. JSON is one, but for three words, which may stand in its texts as well. */
function toPython(value: unknown): string {
  return prettyJson(value).replaceAll(
    /"(?:[^"\\]|\\.)*"|\b(?:true|false|null)\b/g,
    (part) => inPython[part] ?? part,
  )
}

function shorten(input: Input): Input {
  const cut = (_: string, value: unknown) =>
    typeof value === 'string' && value.length > longestShown ? `${value.slice(0, longestShown)}…` : value
  return JSON.parse(JSON.stringify(input, cut))
}
