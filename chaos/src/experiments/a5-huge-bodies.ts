import { connect } from 'node:net'
import type { Criterion, Experiment } from '../experiment.js'
import { quantile } from '../quantile.js'
import { readResources } from '../rig/resources.js'
import type { Rig } from '../rig/rig.js'
import { pause } from '../rig/until.js'

const limitBytes = 10 * 1024 * 1024
const hugeBytes = 2 * 1024 ** 3
/** What both kernels hold on the way, which nobody has read. */
const onTheWayBytes = 16 * 1024 * 1024

interface Sent {
  status: number
  bytes: number
  ms: number
}

/** Sends a head and then block after block until the other side has had enough. */
async function send(rig: Rig, head: string, block: Buffer, mostBytes: number): Promise<Sent> {
  const origin = new URL(rig.origins[0] ?? '')
  const socket = connect(Number(origin.port), origin.hostname)
  const startedAt = performance.now()
  let answer = ''
  let bytes = 0
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
  const auth = `Authorization: Bearer ${rig.tenant(0).key}\r\nContent-Type: application/json`
  socket.write(`POST /api/v1/predictions HTTP/1.1\r\nHost: ${origin.host}\r\n${auth}\r\n${head}\r\n\r\n`)
  const isHeard = () => answer !== ''
  while (bytes < mostBytes && socket.writable && !isHeard()) {
    bytes += block.length
    if (!socket.write(block))
      await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed])
    else await pause(0)
  }
  await Promise.race([closed, pause(40_000)])
  socket.destroy()
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0),
    bytes,
    ms: performance.now() - startedAt,
  }
}

const spaces = Buffer.alloc(65_536, ' ')
const chunk = Buffer.concat([Buffer.from(`${(65_536).toString(16)}\r\n`), spaces, Buffer.from('\r\n')])
/** One byte of a body in six of the wire, thousands of times. */
const tinyChunks = Buffer.from('1\r\n \r\n'.repeat(8192))

async function honest(rig: Rig, times: number): Promise<number> {
  const tenant = rig.tenant(0)
  const taken: number[] = []
  for (let i = 0; i < times; i++) {
    taken.push((await rig.client.submitOnce(tenant, rig.client.newInput(tenant, {}))).answer.durationMs)
    await pause(10)
  }
  return quantile(taken, 0.99)
}

async function sendAll(rig: Rig): Promise<Criterion[]> {
  const chunked = 'Transfer-Encoding: chunked'
  const length = await send(rig, `Content-Length: ${hugeBytes}`, spaces, hugeBytes)
  const streamed = await send(rig, chunked, chunk, hugeBytes)
  const tiny = await send(rig, chunked, tinyChunks, 3_000_000 + 8 * limitBytes)
  const less = await send(rig, 'Content-Length: 2', Buffer.from('{}GET / HTTP/9.9\r\n\r\n'), 1)
  return [
    { name: 'a length of 2 GB is refused with', value: length.status, atLeast: 413, atMost: 413 },
    { name: 'bytes sent before', value: length.bytes, atMost: onTheWayBytes },
    { name: '2 GB in chunks are refused with', value: streamed.status, atLeast: 413, atMost: 413 },
    { name: 'bytes sent before', value: streamed.bytes, atMost: limitBytes + onTheWayBytes },
    { name: 'chunks of a byte are refused with', value: tiny.status, atLeast: 413, atMost: 413 },
    { name: 'a length too small is answered with', value: less.status, atLeast: 400, atMost: 499 },
  ]
}

/** What is announced and never comes is waited for as long as any body is. */
async function announceMore(rig: Rig): Promise<Criterion[]> {
  const more = await send(rig, 'Content-Length: 1000', Buffer.from('{"input":{}'), 1)
  return [
    { name: 'a length too large is ended with', value: more.status, atLeast: 400, atMost: 408 },
    { name: 'after (ms)', value: more.ms, atMost: 35_000 },
  ]
}

async function sendAgainAndAgain(rig: Rig, times: number): Promise<Criterion[]> {
  const criteria: Criterion[] = []
  const waiting: Promise<Criterion[]>[] = []
  for (let i = 0; i < times; i++) {
    waiting.push(announceMore(rig))
    criteria.push(...(await sendAll(rig)))
  }
  return [...criteria, ...(await Promise.all(waiting)).flat()]
}

export const hugeBodies: Experiment = {
  id: 'A5',
  title: 'Clients send bodies of 2 GB, in tiny chunks, and with lengths that are lies',
  isAlone: true,
  counts: { short: 1, quick: 1, full: 20 },
  rig: () => ({ apis: 1, workers: 1, apiEnv: { AUGUR_MAX_BODY_BYTES: String(limitBytes) } }),
  async run(rig, { count }) {
    const before = await honest(rig, 100)
    const memory = () => readResources(rig.apis[0]?.pid ?? 0)?.rssBytes ?? 0
    // The first large body is what grows the process to its size.
    await send(rig, 'Transfer-Encoding: chunked', chunk, hugeBytes)
    const fresh = memory()
    let most = 0
    const watch = setInterval(() => (most = Math.max(most, memory())), 50)
    rig.noteFault('huge bodies', 'api-1', [])
    const [during, criteria] = await Promise.all([honest(rig, 100), sendAgainAndAgain(rig, count)])
    clearInterval(watch)
    return [
      ...criteria,
      { name: 'memory beyond that of before (MiB)', value: (most - fresh) / 1024 ** 2, atMost: 64 },
      { name: 'honest p99 before (ms)', value: before },
      { name: 'honest p99 beside them (ms)', value: during, atMost: Math.max(100, 2 * before) },
    ]
  },
}
