import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { readHelp } from './read-help.js'
import { completionScript } from './scripts.js'

const keysHelp = `Usage: augur keys <command> [--json]

  create --name <text> [--expires-in 90d]
  list
  revoke <id>

Scopes: predict, read. --max-open limits predictions.`
const predictHelp = `Usage: augur predict MODEL [--input JSON]

  reads the input from its flags`

const commands = new Map([
  ['keys', readHelp(keysHelp)],
  ['predict', readHelp(predictHelp)],
])

test('what is completed is what the help of a command explains', () => {
  expect(commands.get('keys')).toEqual({
    subcommands: ['create', 'list', 'revoke'],
    flags: ['--expires-in', '--help', '--json', '--max-open', '--name'],
  })
  expect(commands.get('predict')).toEqual({ subcommands: [], flags: ['--help', '--input'] })
})

/** What bash offers for the last of these words. */
function completed(...words: string[]): string[] {
  const array = words.map((word) => `'${word}'`).join(' ')
  const ask = `COMP_WORDS=(${array}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _augur; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = spawnSync('bash', ['-c', `${completionScript('bash', commands)}\n${ask}`], {
    encoding: 'utf8',
  })
  return stdout.split('\n').filter(Boolean)
}

test('bash completes commands, their commands, and flags', () => {
  expect(completed('augur', '')).toEqual(['keys', 'predict', '--help'])
  expect(completed('augur', 'ke')).toEqual(['keys'])
  expect(completed('augur', 'keys', '')).toEqual(['create', 'list', 'revoke', '--help'])
  expect(completed('augur', 'keys', 'create', '--n')).toEqual(['--name'])
  expect(completed('augur', 'predict', '--')).toEqual(['--help', '--input'])
  expect(completed('augur', 'predict', 'some-file')).toEqual([])
})

const hasZsh = spawnSync('zsh', ['--version']).status === 0

/** What zsh is given to choose from for the last of these words. */
function candidates(...words: string[]) {
  const array = words.map((word) => `'${word}'`).join(' ')
  const ask = `compadd() { shift; print -l -- "$@" }; words=(${array}); CURRENT=$#words; _augur`
  const script = `${completionScript('zsh', commands)}\n${ask}`
  const { stdout, stderr } = spawnSync('zsh', ['-f', '-c', script], { encoding: 'utf8' })
  return { words: stdout.split('\n').filter(Boolean), stderr }
}

test.skipIf(!hasZsh)('zsh chooses from commands, their commands, and flags', () => {
  expect(candidates('augur', '')).toEqual({ words: ['keys', 'predict', '--help'], stderr: '' })
  expect(candidates('augur', 'keys', '').words).toEqual(['create', 'list', 'revoke', '--help'])
  expect(candidates('augur', 'keys', 'create', '--').words).toContain('--max-open')
})
