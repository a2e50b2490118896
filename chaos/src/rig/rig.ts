import { randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '@augur/core/free-port'
import { Ledger } from '../history/ledger.js'
import { type ServingOptions, writeChaosModel } from './chaos-model.js'
import { Client } from './client.js'
import { createTenant } from './create-tenant.js'
import { noteResources } from './leftovers.js'
import { ManagedProcess, type Role } from './managed-process.js'
import { descendantsOf } from '@augur/test-support/test-stack'
import { Receiver } from './receiver.js'
import { RedisCluster } from '@augur/test-support/redis-cluster/redis-cluster'
import { RedisNode } from '@augur/test-support/redis-node'
import type { Tenant } from './tenant.js'
import { TcpProxy } from './tcp-proxy.js'
import { pause, until } from './until.js'

export interface RigOptions {
  /** The repository, whose built programs are run. */
  root: string
  /** Empty folder of this rig's own; what happened stays in it. */
  folder: string
  apis?: number
  workers?: number
  deliverers?: number
  serving?: Partial<ServingOptions>
  /** Settings of Redis, over those of a durable server. */
  redis?: Record<string, string>
  /** Settings of the product's processes, by role or for all. */
  env?: Record<string, string>
  apiEnv?: Record<string, string>
  workerEnv?: Record<string, string>
  delivererEnv?: Record<string, string>
  /** Whether processes reach Redis by way of a proxy that can be disturbed. */
  hasProxy?: boolean
  /** Whether Redis is a cluster, behind a proxy that makes one server of it. */
  isCluster?: boolean
  /** Whether Redis runs before the others start. */
  startsWithRedis?: boolean
}

const readyWithinMs = 60_000
const respawnMs = 500
const secretOf = () => randomBytes(24).toString('base64url')

/** The product as plain processes with a Redis of its own, a receiver and clients; everything is written down. */
export class Rig {
  readonly ledger: Ledger
  readonly redis: RedisNode
  /** Between processes and Redis, where the rig has one. */
  readonly proxy: TcpProxy
  readonly client: Client
  /** In place of `redis`, where the rig has one. */
  readonly cluster: RedisCluster | null
  readonly receiver: Receiver
  readonly apis: readonly ManagedProcess[]
  readonly workers: readonly ManagedProcess[]
  readonly deliverers: readonly ManagedProcess[]
  readonly origins: readonly string[]
  tenants: readonly Tenant[] = []
  private readonly adminKey = secretOf()
  private readonly masterKey = secretOf()
  private readonly keptAlive = new Map<ManagedProcess, () => Record<string, string>>()
  private stopping = false

  private constructor(
    readonly options: RigOptions,
    ports: { apis: readonly number[]; redis: number; proxy: number },
    cluster: RedisCluster | null,
  ) {
    this.cluster = cluster
    const { folder } = options
    this.ledger = new Ledger(join(folder, 'ledger.jsonl'))
    this.redis = new RedisNode({
      port: ports.redis,
      dir: join(folder, 'redis'),
      settings: { appendfsync: 'always', ...options.redis },
    })
    this.proxy = new TcpProxy(ports.proxy, ports.redis)
    this.origins = ports.apis.map((port) => `http://127.0.0.1:${port}`)
    const tenants = () => this.tenants
    this.client = new Client({
      origins: this.origins,
      ledger: this.ledger,
      tenants,
      webhookUrl: (tenant) => this.receiver.urlFor(tenant),
    })
    this.receiver = new Receiver({
      ledger: this.ledger,
      tenants,
      statusOf: (id, tenant) => this.statusOf(id, tenant),
    })
    this.apis = ports.apis.map((port, i) =>
      this.createProcess(`api-${i + 1}`, 'api', { HOST: '127.0.0.1', PORT: String(port), ...options.apiEnv }),
    )
    const roles = (names: string) => ({ AUGUR_WORKER_ROLES: names })
    this.workers = range(options.workers ?? 2).map((i) =>
      this.createProcess(`worker-${i}`, 'worker', {
        ...roles('predictions,maintenance'),
        ...options.workerEnv,
      }),
    )
    this.deliverers = range(options.deliverers ?? 1).map((i) =>
      this.createProcess(`deliverer-${i}`, 'worker', { ...roles('webhooks'), ...options.delivererEnv }),
    )
  }

  get processes(): readonly ManagedProcess[] {
    return [...this.apis, ...this.workers, ...this.deliverers]
  }

  /** Where processes look for Redis. */
  get redisUrl(): string {
    if (this.cluster) return this.cluster.proxy.url
    return this.options.hasProxy ? this.proxy.url : this.redis.url
  }

  get runsPath(): string {
    return join(this.options.folder, 'runs.jsonl')
  }

  /** @throws Error when it does not get ready. */
  static async start(options: RigOptions): Promise<Rig> {
    const { folder, serving } = options
    for (const name of ['redis', 'logs', 'models', 'data'])
      await mkdir(join(folder, name), { recursive: true })
    const apis: number[] = []
    for (const _ of range(options.apis ?? 2)) apis.push(await freePort())
    const settings = { appendfsync: 'always', ...options.redis }
    const cluster = options.isCluster ? await RedisCluster.start(join(folder, 'redis'), settings) : null
    const rig = new Rig(options, { apis, redis: await freePort(), proxy: await freePort() }, cluster)
    await writeChaosModel(join(folder, 'models'), rig.runsPath, {
      maxSize: 4,
      timeoutSeconds: 30,
      ...serving,
    })
    try {
      await rig.startParts()
      return rig
    } catch (error) {
      await rig.stop()
      throw error
    }
  }

  /** Waits until every API is ready and the tenants have their keys. */
  async becomeReady(): Promise<void> {
    for (const origin of this.origins) {
      const isReady = await until(() => this.isReady(origin), readyWithinMs)
      if (!isReady) throw new Error(`${origin} did not get ready; see ${join(this.options.folder, 'logs')}`)
    }
    const served = await until(async () => (await this.servedBy()) >= this.workers.length, readyWithinMs)
    if (!served) throw new Error(`not every worker serves; see ${join(this.options.folder, 'logs')}`)
    if (this.tenants.length === 0) {
      const admin = { key: this.adminKey }
      this.tenants = [
        await createTenant(this.client, admin, 'alpha'),
        await createTenant(this.client, admin, 'beta'),
      ]
    }
    noteResources(this, 'fresh')
  }

  async isReady(origin: string): Promise<boolean> {
    const { status } = await this.client.ask({ key: this.adminKey }, 'GET', '/readyz', {
      origin,
      timeoutMs: 2000,
    })
    return status === 200
  }

  /** How many workers serve the model, as an API sees it. */
  async servedBy(): Promise<number> {
    const { status, text } = await this.askAsAdmin('GET', '/api/v1/health')
    if (status !== 200) return 0
    const { models }: { models: { workers: number; state: string }[] } = JSON.parse(text)
    return models[0]?.state === 'ready' ? models[0].workers : 0
  }

  askAsAdmin(method: 'GET' | 'POST', path: string, body?: object) {
    return this.client.ask({ key: this.adminKey }, method, path, body ? { body } : {})
  }

  tenant(index: number): Tenant {
    const tenant = this.tenants[index % this.tenants.length]
    if (!tenant) throw new Error('the rig is not ready')
    return tenant
  }

  /** Notes a fault before it happens. `atRisk`: predictions that may be run again because of it. */
  noteFault(fault: string, target: string, pids: readonly number[], atRisk = 0): void {
    this.ledger.note({ kind: 'fault', fault, target, pids, atRisk })
  }

  /** Most predictions that one worker may have claimed at a time: a micro-batch in flight and one ahead. */
  get heldByWorker(): number {
    return 2 * (this.options.serving?.maxSize ?? 4)
  }

  /** SIGKILL, with its runners, which do not outlive it. */
  async killProcess(process: ManagedProcess): Promise<void> {
    const pids = [process.pid, ...descendantsOf(process.pid)]
    this.noteFault('kill', process.name, pids, process.role === 'worker' ? this.heldByWorker : 0)
    await process.kill('SIGKILL')
  }

  /** Starts it again half a second after each death from now on; `envOf` says with what. */
  keepAlive(process: ManagedProcess, envOf: () => Record<string, string> = () => ({})): void {
    this.keptAlive.set(process, envOf)
    if (!process.isRunning) process.start(envOf())
  }

  /** What must stand nowhere, by what it is. */
  secrets(): Record<string, string> {
    const ofTenants = this.tenants.flatMap(({ name, key, webhookSecret }) => [
      [`a key of ${name}`, key],
      [`the webhook secret of ${name}`, webhookSecret.replace('whsec_', '')],
    ])
    return {
      'the static key': this.adminKey,
      'the master key': this.masterKey,
      ...Object.fromEntries(ofTenants),
    }
  }

  /** Stops everything. Its folder stays unless told otherwise. */
  async stop(removeFolder = false): Promise<void> {
    this.stopping = true
    this.keptAlive.clear()
    await Promise.all(this.processes.map((process) => process.stop()))
    if (this.options.hasProxy) await this.proxy.close()
    await (this.cluster ?? this.redis).stop()
    await this.receiver.close()
    await this.client.close()
    this.ledger.close()
    if (removeFolder) await rm(this.options.folder, { recursive: true, force: true })
  }

  private async startParts(): Promise<void> {
    const { hasProxy, startsWithRedis = true } = this.options
    await this.receiver.listen()
    if (hasProxy) await this.proxy.listen()
    if (startsWithRedis && !this.cluster) await this.redis.start()
    for (const process of this.processes) process.start()
    if (startsWithRedis) await this.becomeReady()
  }

  private createProcess(name: string, role: Role, env: Record<string, string>): ManagedProcess {
    const { folder, root } = this.options
    return new ManagedProcess({
      name,
      role,
      script: join(root, `apps/${role}/dist/main.js`),
      cwd: folder,
      logPath: join(folder, 'logs', `${name}.log`),
      env: { ...this.commonEnv(), ...this.options.env, ...env },
      onExit: (process, exit) => this.exited(process, exit),
      onLine: (process, line) => {
        if (/unhandled|uncaught/i.test(line))
          this.ledger.note({ kind: 'complaint', process: process.name, line })
      },
    })
  }

  private commonEnv(): Record<string, string> {
    const { folder } = this.options
    return {
      REDIS_URL: this.redisUrl,
      AUGUR_DATA_DIR: join(folder, 'data'),
      AUGUR_MODELS_DIR: join(folder, 'models'),
      AUGUR_API_KEY: this.adminKey,
      AUGUR_MASTER_KEY: this.masterKey,
      AUGUR_PUBLIC_URL: this.origins[0] ?? '',
      AUGUR_OUTBOUND_ALLOW: '127.0.0.0/8',
      AUGUR_LOG_LEVEL: 'warn',
    }
  }

  private exited(
    process: ManagedProcess,
    exit: { code: number | null; signal: string | null; isPlanned: boolean },
  ): void {
    if (this.stopping) return
    this.ledger.note({ kind: 'exit', process: process.name, ...exit })
    const envOf = this.keptAlive.get(process)
    if (!envOf) return
    void pause(respawnMs).then(() => {
      if (!this.stopping && this.keptAlive.has(process)) process.start(envOf())
    })
  }

  private async statusOf(id: string, tenant: Tenant): Promise<string | null> {
    for (let tries = 0; tries < 10; tries++) {
      const { status, text } = await this.client.ask(tenant, 'GET', `/api/v1/predictions/${id}`)
      if (status === 200) return (JSON.parse(text) as { status: string }).status
      await pause(100)
    }
    return null
  }
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i + 1)
