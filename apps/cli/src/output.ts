import { mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Readable } from 'node:stream'
import pretty from 'pino-pretty'

/** Where the launcher writes, and what it does with the log lines of the processes it starts. */
export interface Output {
  line(text: string): void
  error(text: string): void
  /** What a started process gets as its stdout and stderr. */
  stdio: 'inherit' | 'pipe' | number
  /** Takes the streams of a process that was started with `pipe`. */
  attach(stream: Readable | null): void
}

const write = (text: string) => void process.stdout.write(`${text}\n`)
const silent = () => undefined
const writeError = (text: string) => void process.stderr.write(`${text}\n`)

/** For people: log lines are made readable on a terminal and stay JSON anywhere else. */
export function consoleOutput(): Output {
  if (!process.stdout.isTTY) return { line: write, error: writeError, stdio: 'inherit', attach: silent }
  const readable = pretty({
    colorize: true,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
    destination: process.stdout,
  })
  const attach = (stream: Readable | null) => void stream?.pipe(readable, { end: false })
  return { line: write, error: writeError, stdio: 'pipe', attach }
}

/** For programs that start a stack of their own: nothing is printed, log lines go to a file. */
export function fileOutput(path: string): Output {
  mkdirSync(dirname(path), { recursive: true })
  return { line: silent, error: silent, stdio: openSync(path, 'a'), attach: silent }
}
