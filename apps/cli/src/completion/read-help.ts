/** What can follow a command. */
export interface CommandWords {
  subcommands: string[]
  /** With their dashes. */
  flags: string[]
}

/** Reads a command's own help, so that what is completed is what is explained. */
export function readHelp(help: string): CommandWords {
  const [usage = ''] = help.split('\n')
  const hasCommands = usage.includes('<command>')
  const subcommands = [...help.matchAll(/^ {2}([a-z][a-z-]*)(?= |$)/gm)].map(([, name = '']) => name)
  const flags = [...help.matchAll(/--[a-z][a-z0-9-]*/g)].map(([flag]) => flag)
  return {
    subcommands: hasCommands ? unique(subcommands) : [],
    flags: unique([...flags, '--help']).toSorted(),
  }
}

const unique = (words: readonly string[]) => [...new Set(words)]
