import { type Logger, pino } from 'pino'

export type { Logger }

/** JSON lines on standard output. Secrets are cut by name wherever a caller logs an object that holds them. */
export function createLogger(name: string, level: string): Logger {
  return pino({
    name,
    level,
    base: { name, pid: process.pid },
    redact: {
      paths: ['authorization', '*.authorization', 'secret', '*.secret', 'apiKey', '*.apiKey'],
      censor: '[cut]',
    },
  })
}
