import { readHelp } from '../completion/read-help.js'
import { completionScript, shells } from '../completion/scripts.js'
import type { Output } from '../output.js'

const help = `Usage: augur completion <command>

  bash   eval "$(augur completion bash)" in ~/.bashrc
  zsh    eval "$(augur completion zsh)" in ~/.zshrc, after compinit

Each prints a script that completes commands and flags. Where augur is no command yet: alias augur='npm run -s augur --'
in the repository.`

interface CompletionConfig {
  output: Pick<Output, 'line' | 'error'>
  /** Each command with its help; none where it has none. */
  helps: () => Promise<ReadonlyMap<string, string>>
}

/** `augur completion …`. Returns the exit code. */
export async function runCompletion(argv: string[], { output, helps }: CompletionConfig): Promise<number> {
  const [wanted, ...rest] = argv
  const shell = shells.find((name) => name === wanted)
  if (shell === undefined || rest.length > 0) {
    const isAskedFor = wanted === '--help' || wanted === '-h'
    output[isAskedFor ? 'line' : 'error'](help)
    return isAskedFor ? 0 : 2
  }
  const words = [...(await helps())].map(([name, text]) => [name, readHelp(text)] as const)
  output.line(completionScript(shell, new Map(words)))
  return 0
}
