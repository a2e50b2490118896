import type { CommandWords } from './read-help.js'

export const shells = ['bash', 'zsh'] as const
export type Shell = (typeof shells)[number]

/** The script that a shell evaluates to complete `augur`. Where nothing of ours fits, it completes files. */
export function completionScript(shell: Shell, commands: ReadonlyMap<string, CommandWords>): string {
  return shell === 'bash' ? bash(commands) : zsh(commands)
}

type Case = [pattern: string, words: readonly string[]]

function casesOf(commands: ReadonlyMap<string, CommandWords>): Case[] {
  return [...commands].flatMap(([name, { subcommands, flags }]): Case[] => [
    ...(subcommands.length > 0 ? [[`${name}:2`, [...subcommands, '--help']] satisfies Case] : []),
    [`${name}:*`, flags],
  ])
}

function bash(commands: ReadonlyMap<string, CommandWords>): string {
  const cases = casesOf(commands).map(([pattern, words]) => `    ${pattern}) words='${words.join(' ')}' ;;`)
  return `# eval "$(augur completion bash)"
_augur() {
  local current=\${COMP_WORDS[COMP_CWORD]} words=
  case "\${COMP_WORDS[1]}:$COMP_CWORD" in
    *:1) words='${[...commands.keys(), '--help'].join(' ')}' ;;
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _augur augur`
}

function zsh(commands: ReadonlyMap<string, CommandWords>): string {
  const cases = casesOf(commands).map(
    ([pattern, words]) => `    ${pattern}) candidates=(${words.join(' ')}) ;;`,
  )
  return `#compdef augur
# eval "$(augur completion zsh)"
_augur() {
  local -a candidates
  case "\${words[2]}:$((CURRENT - 1))" in
    *:1) candidates=(${[...commands.keys(), '--help'].join(' ')}) ;;
${cases.join('\n')}
  esac
  compadd -- $candidates || _files
}
if [[ $funcstack[1] == _augur ]]; then
  # A file of fpath, whose whole text is the function when it is first called.
  _augur "$@"
elif (( $+functions[compdef] )); then
  compdef _augur augur
fi`
}
