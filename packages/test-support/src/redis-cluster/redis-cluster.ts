import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '@augur/core/free-port'
import { Redis } from 'ioredis'
import { ClusterProxy } from './cluster-proxy.js'
import { RedisNode } from '../redis-node.js'

const nodeCount = 3
const slots = 16_384
const readyWithinMs = 20_000
const nodeOf = (slot: number) => Math.floor((slot * nodeCount) / slots)

async function withNode<T>({ url }: RedisNode, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url)
  try {
    return await work(redis)
  } finally {
    redis.disconnect()
  }
}

/** Three masters that share the slots, and one address for clients that know of no cluster. */
export class RedisCluster {
  private constructor(
    readonly nodes: readonly RedisNode[],
    readonly proxy: ClusterProxy,
  ) {}

  /** @throws Error when the nodes do not find each other */
  static async start(folder: string, settings: Record<string, string>): Promise<RedisCluster> {
    const nodes: RedisNode[] = []
    const buses: number[] = []
    const ports: number[] = []
    for (let i = 0; i < nodeCount; i++) {
      const [port, bus] = [await freePort(), await freePort()]
      const dir = join(folder, `node-${i + 1}`)
      await mkdir(dir, { recursive: true })
      const cluster = {
        'cluster-enabled': 'yes',
        'cluster-port': String(bus),
        'cluster-node-timeout': '2000',
      }
      const node = new RedisNode({ port, dir, settings: { ...settings, ...cluster } })
      await node.start()
      nodes.push(node)
      ports.push(port)
      buses.push(bus)
    }
    const cluster = new RedisCluster(nodes, new ClusterProxy(await freePort(), ports, nodeOf))
    await cluster.join(ports, buses)
    await cluster.proxy.listen()
    return cluster
  }

  /** Resolves when every node has every slot covered. */
  async becomeReady(): Promise<void> {
    const end = Date.now() + readyWithinMs
    for (const node of this.nodes) {
      while (!(await withNode(node, (redis) => redis.cluster('INFO'))).includes('cluster_state:ok')) {
        if (Date.now() > end) throw new Error('the nodes of the cluster do not find each other')
        await delay(50)
      }
    }
  }

  /** By node, how many keys it holds. */
  async sizes(): Promise<number[]> {
    return Promise.all(this.nodes.map((node) => withNode(node, (redis) => redis.dbsize())))
  }

  async stop(): Promise<void> {
    await this.proxy.close()
    await Promise.all(this.nodes.map((node) => node.stop()))
  }

  private async join(ports: readonly number[], buses: readonly number[]): Promise<void> {
    for (const [i, node] of this.nodes.entries()) {
      const own = Array.from({ length: slots }, (_, slot) => slot).filter((slot) => nodeOf(slot) === i)
      await withNode(node, async (redis) => {
        await redis.call('CLUSTER', 'ADDSLOTSRANGE', own[0] ?? 0, own.at(-1) ?? 0)
        for (const [j, port] of ports.entries())
          if (j !== i) await redis.call('CLUSTER', 'MEET', '127.0.0.1', port, buses[j] ?? 0)
      })
    }
    await this.becomeReady()
  }
}
