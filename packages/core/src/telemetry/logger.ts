import { destination, type Logger, pino } from 'pino'
import { createSecretCutter } from './cut-secrets.js'

export type { Logger }

/** JSON lines on standard output. What `secrets` names is cut by value, and what a caller logs under such names too. */
export function createLogger(name: string, level: string, secrets: readonly string[] = []): Logger {
  const out = destination(1)
  const cut = createSecretCutter(secrets)
  return pino(
    {
      name,
      level,
      base: { name, pid: process.pid },
      redact: {
        paths: [
          'authorization',
          '*.authorization',
          'secret',
          '*.secret',
          'apiKey',
          '*.apiKey',
          'password',
          '*.password',
        ],
        censor: '[cut]',
      },
    },
    { write: (line: string) => out.write(cut(line)) },
  )
}
