import { parseArgs, styleText } from 'node:util'
import { examine, type Examined } from '../doctor/examine.js'
import type { Finding } from '../doctor/finding.js'
import type { Output } from '../output.js'

const help = `Usage: augur doctor [--json]

  Looks at what a start needs: Node.js, the ONNX Runtime, settings, port, data folder, Redis and models. Says what is wrong
  and what mends it, and changes nothing. Exit code 0 when nothing keeps Augur from starting, 1 otherwise.`

const marks = { ok: '✓', warning: '!', problem: '✗', skipped: '-' } as const
const colours = { ok: 'green', warning: 'yellow', problem: 'red', skipped: 'dim' } as const
const subjectWidth = 14

export interface DoctorConfig extends Examined {
  output: Pick<Output, 'line' | 'error'>
  isTerminal: boolean
}

/** `augur doctor`. Returns the exit code. */
export async function runDoctor(
  argv: string[],
  { output, isTerminal, ...examined }: DoctorConfig,
): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    options: { help: { type: 'boolean', short: 'h' }, json: { type: 'boolean' } },
    allowPositionals: true,
  })
  if (values.help || positionals.length > 0) {
    output[values.help ? 'line' : 'error'](help)
    return values.help ? 0 : 2
  }
  const findings = await examine(examined)
  if (values.json) output.line(JSON.stringify(findings))
  else for (const finding of findings) output.line(lineOf(finding, isTerminal))
  const problems = findings.filter(({ state }) => state === 'problem').length
  if (!values.json) output.line(verdictOf(problems))
  return problems === 0 ? 0 : 1
}

function lineOf({ state, subject, text, remedy }: Finding, isColoured: boolean): string {
  const mark = isColoured ? styleText(colours[state], marks[state]) : marks[state]
  const line = `${mark} ${subject.padEnd(subjectWidth)}${text}`
  return remedy === undefined ? line : `${line}\n  ${' '.repeat(subjectWidth)}→ ${remedy}`
}

function verdictOf(problems: number): string {
  if (problems === 0) return '\nNothing keeps Augur from starting.'
  return problems === 1 ? '\nOne thing has to be mended.' : `\n${problems} things have to be mended.`
}
