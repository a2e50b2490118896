import type { ChildProcess } from 'node:child_process'
import type { Logger } from '@augur/core/telemetry/logger'

const tailCharacters = 4_096
const endGraceMs = 200

/** Passes what a child prints to the log, and keeps the last of it: V8 says there why it gave up. */
export class OutputTail {
  private text = ''
  private readonly closed: Promise<unknown>

  constructor(child: ChildProcess, logger: Logger | undefined) {
    this.closed = new Promise((resolve) => child.once('close', resolve))
    child.stdout
      ?.setEncoding('utf8')
      .on('data', (text: string) => logger?.debug({ pid: child.pid }, text.trimEnd()))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.text = (this.text + text).slice(-tailCharacters)
      logger?.warn({ pid: child.pid }, text.slice(0, tailCharacters).trimEnd())
    })
  }

  get saysOutOfMemory(): boolean {
    return this.text.includes('JavaScript heap out of memory')
  }

  /** The child's last words have been read. A grandchild that holds the pipe open does not delay it. */
  async ended(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const grace = new Promise((resolve) => {
      timer = setTimeout(resolve, endGraceMs)
    })
    await Promise.race([this.closed, grace])
    clearTimeout(timer)
  }
}
