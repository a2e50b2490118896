import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { ByteQueue } from './byte-queue.js'
import { firstKey, slotOf } from './key-slot.js'
import { endOfReply, readCommand } from './resp.js'

/** One connection of a client: what it sends goes to the node that has its key, what nodes answer comes back in order. */
class Connection {
  private readonly sent = new ByteQueue()
  private readonly nodes = new Map<number, { socket: Socket; received: ByteQueue }>()
  /** By reply that is due, the node that it comes from. */
  private readonly due: number[] = []
  /** The node of a transaction under way; null before its first key is known. */
  private transaction: { node: number | null; held: Buffer[] } | null = null
  private isSubscriber = false
  private isMonitor = false

  constructor(
    private readonly client: Socket,
    private readonly ports: readonly number[],
    private readonly nodeOf: (slot: number) => number,
  ) {
    client.setNoDelay(true)
    client.on('error', () => undefined)
    client.on('close', () => this.end())
    client.on('data', (bytes) => {
      this.sent.add(bytes)
      this.pass()
    })
  }

  end(): void {
    this.client.destroy()
    for (const { socket } of this.nodes.values()) socket.destroy()
  }

  private pass(): void {
    const command = () => (this.sent.bytes.length > 0 ? readCommand(this.sent.bytes, 0) : null)
    for (let next = command(); next; next = command()) this.route(next.words, this.sent.take(next.end))
  }

  private route(words: readonly Buffer[], bytes: Buffer): void {
    // One without arguments may come as a line of text.
    const name = String(words[0] ?? bytes)
      .trim()
      .toUpperCase()
    if (name === 'MONITOR') return this.monitor(bytes)
    const key = name === 'MULTI' || name === 'EXEC' || name === 'DISCARD' ? null : firstKey(words)
    if (name.endsWith('SUBSCRIBE')) this.isSubscriber = true
    if (name === 'MULTI') this.transaction = { node: null, held: [] }
    const { transaction } = this
    const node = key === null ? (transaction?.node ?? 0) : this.nodeOf(slotOf(key))
    if (transaction === null) return this.send(node, bytes)
    // All of it goes to the node of its first key; that refuses what is elsewhere.
    transaction.node ??= key === null ? null : node
    if (transaction.node === null && name !== 'EXEC') return void transaction.held.push(bytes)
    for (const held of transaction.held.splice(0)) this.send(transaction.node ?? 0, held)
    this.send(transaction.node ?? 0, bytes)
    if (name === 'EXEC' || name === 'DISCARD') this.transaction = null
  }

  /** From here on the client is told, line by line, what each of the nodes takes. */
  private monitor(bytes: Buffer): void {
    this.isMonitor = true
    for (const node of this.ports.keys()) this.socketOf(node).write(bytes)
  }

  private send(node: number, bytes: Buffer): void {
    if (!this.isSubscriber) this.due.push(node)
    this.socketOf(node).write(bytes)
  }

  private socketOf(node: number): Socket {
    const known = this.nodes.get(node)
    if (known) return known.socket
    const socket = connect(this.ports[node] ?? 0, '127.0.0.1')
    const entry = { socket, received: new ByteQueue() }
    this.nodes.set(node, entry)
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    // As if the one server that the client knows were gone.
    socket.on('close', () => this.end())
    socket.on('data', (bytes) => {
      if (this.isSubscriber && this.due.length === 0) {
        this.client.write(bytes)
        return
      }
      entry.received.add(bytes)
      if (this.isMonitor) this.tell(entry.received)
      else this.answer()
    })
    return socket
  }

  private tell(received: ByteQueue): void {
    this.client.write(received.take(received.bytes.lastIndexOf('\n') + 1))
  }

  private answer(): void {
    for (let [node] = this.due; node !== undefined; [node] = this.due) {
      const received = this.nodes.get(node)?.received
      const end = received && received.bytes.length > 0 ? endOfReply(received.bytes, 0) : -1
      if (!received || end === -1) return
      this.client.write(received.take(end))
      this.due.shift()
    }
    // Whatever else has come is a message.
    for (const { received } of this.isSubscriber ? this.nodes.values() : [])
      this.client.write(received.take(received.bytes.length))
  }
}

/** Makes a Redis Cluster look like one server, to clients that know of no cluster. */
export class ClusterProxy {
  private readonly connections = new Set<Connection>()
  private readonly server

  constructor(
    private readonly port: number,
    nodePorts: readonly number[],
    nodeOf: (slot: number) => number,
  ) {
    this.server = createServer((client) => {
      const connection = new Connection(client, nodePorts, nodeOf)
      this.connections.add(connection)
      client.once('close', () => this.connections.delete(connection))
    })
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  async listen(): Promise<void> {
    this.server.listen(this.port, '127.0.0.1')
    await once(this.server, 'listening')
  }

  async close(): Promise<void> {
    for (const connection of this.connections) connection.end()
    this.server.close()
    await once(this.server, 'close')
  }
}
