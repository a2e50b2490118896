import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { createInterface } from 'node:readline'

export type Role = 'api' | 'worker'
type Environment = Record<string, string>

interface ManagedProcessOptions {
  name: string
  role: Role
  /** The program. */
  script: string
  cwd: string
  env: Environment
  logPath: string
  onExit(
    process: ManagedProcess,
    exit: { code: number | null; signal: string | null; isPlanned: boolean },
  ): void
  onLine(process: ManagedProcess, line: string): void
}

/** A process of the product that can be killed and started again under its name, with its log in one file. */
export class ManagedProcess {
  readonly name: string
  readonly role: Role
  /** Times at which it wrote lines, in milliseconds since 1970. */
  readonly lineTimes: number[] = []
  /** Lines in which a Redis Cluster refuses a command or a script whose keys are not of one slot. */
  readonly complaints: string[] = []
  private child: ChildProcess | undefined
  private readonly log: WriteStream
  private planned = false
  private exited: Promise<unknown> = Promise.resolve()

  constructor(private readonly options: ManagedProcessOptions) {
    this.name = options.name
    this.role = options.role
    this.log = createWriteStream(options.logPath, { flags: 'a' })
  }

  /** 0 before its start. */
  get pid(): number {
    return this.child?.pid ?? 0
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null
  }

  /** `more` goes over its environment, this time only. A failpoint in it makes its death a planned one. */
  start(more: Environment = {}): void {
    const { script, cwd, env } = this.options
    const child = spawn(process.execPath, [script], {
      cwd,
      env: { PATH: process.env.PATH, NODE_ENV: 'test', AUGUR_EXIT_WITH_PARENT: '1', ...env, ...more },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.child = child
    this.planned = false
    const mayDie = (more.AUGUR_FAILPOINTS ?? '').includes(':kill')
    this.exited = once(child, 'exit').then(() => {
      const isPlanned = this.planned || (mayDie && child.signalCode === 'SIGKILL')
      this.options.onExit(this, { code: child.exitCode, signal: child.signalCode, isPlanned })
    })
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => this.wrote(line))
  }

  /** Resolves when it has ended. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    this.planned = true
    this.child?.kill(signal)
    await this.exited
  }

  /** From now on its end is no surprise. */
  mayEnd(): void {
    this.planned = true
  }

  /** For SIGSTOP and SIGCONT. */
  send(signal: NodeJS.Signals): void {
    this.child?.kill(signal)
  }

  /** Resolves when it has ended, by whatever. */
  async ended(): Promise<void> {
    await this.exited
  }

  /** SIGTERM, and SIGKILL to one that does not heed it. */
  async stop(): Promise<void> {
    if (this.isRunning) {
      const force = setTimeout(() => this.child?.kill('SIGKILL'), 20_000)
      this.child?.kill('SIGCONT')
      await this.kill('SIGTERM')
      clearTimeout(force)
    }
    this.log.end()
  }

  private wrote(line: string): void {
    this.lineTimes.push(Date.now())
    if (/CROSSSLOT|non local key|\bMOVED \d/.test(line)) this.complaints.push(line)
    this.log.write(`${line}\n`)
    this.options.onLine(this, line)
  }
}
