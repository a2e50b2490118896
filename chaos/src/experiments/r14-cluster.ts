import { type Experiment, noFailures } from '../experiment.js'
import { submitSteadily } from '../load.js'
import { pause } from '../rig/until.js'

export const redisCluster: Experiment = {
  id: 'R14',
  title: 'Redis is a cluster of three nodes, which are killed one by one',
  counts: { short: 1, quick: 3, full: 12 },
  rig: () => ({ isCluster: true }),
  async run(rig, { count }) {
    const { cluster } = rig
    if (!cluster) throw new Error('the rig has no cluster')
    const load = submitSteadily(rig, 25, { sleepMs: 20 })
    await pause(2000)
    for (let kills = 0; kills < count; kills++) {
      const node = cluster.nodes[kills % cluster.nodes.length]
      if (!node) continue
      rig.noteFault(
        'kill',
        `node-${(kills % cluster.nodes.length) + 1}`,
        [node.pid],
        rig.heldByWorker * rig.workers.length,
      )
      await node.kill()
      await pause(500)
      await node.start()
      await cluster.becomeReady()
      await pause(2000)
    }
    await load.stop()
    const refusals = rig.processes.flatMap(({ complaints }) => complaints)
    return [
      { name: 'fewest keys on a node', value: Math.min(...(await cluster.sizes())), atLeast: 1 },
      { name: 'commands that touch several slots', value: refusals.length, atMost: 0 },
    ]
  },
  criteria: noFailures,
}
