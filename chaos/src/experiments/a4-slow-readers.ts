import { connect } from 'node:net'
import type { Experiment } from '../experiment.js'
import { readResources } from '../rig/resources.js'
import type { Rig } from '../rig/rig.js'
import { pause } from '../rig/until.js'

const paddingBytes = 5_000_000
const silentMs = 75_000

/** Asks for something large, takes nothing of the answer for a while, and then gives how many bytes still come. */
async function takeLate(rig: Rig, path: string): Promise<number> {
  const origin = new URL(rig.origins[0] ?? '')
  const socket = connect(Number(origin.port), origin.hostname)
  socket.on('error', () => undefined)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const head = `Host: ${origin.host}\r\nAuthorization: Bearer ${rig.tenant(0).key}\r\nConnection: close`
  socket.write(`GET ${path} HTTP/1.1\r\n${head}\r\n\r\n`)
  await pause(silentMs)
  let bytes = 0
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  await closed
  return bytes
}

export const slowReaders: Experiment = {
  id: 'A4',
  title: 'Clients ask for large answers and do not take them',
  counts: { short: 5, quick: 20, full: 200 },
  rig: () => ({ apis: 1, workers: 1 }),
  async run(rig, { count }) {
    const padding = 'x'.repeat(paddingBytes)
    const id = await rig.client.submit(rig.tenant(0), { input: { padding } })
    rig.noteFault('slow readers', 'api-1', [])
    const path = `/api/v1/predictions/${id}`
    const late = Promise.all(Array.from({ length: count }, () => takeLate(rig, path)))
    await pause(5000)
    const held = readResources(rig.apis[0]?.pid ?? 0)?.rssBytes ?? 0
    const whole = (await late).filter((bytes) => bytes > paddingBytes).length
    return [
      { name: 'answers that were kept for 75 s', value: whole, atMost: 0 },
      { name: 'memory of the API beside them (MiB)', value: Math.round(held / 1024 ** 2) },
    ]
  },
}
