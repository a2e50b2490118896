import type { Experiment } from './experiment.js'
import { stopApi } from './experiments/a1-stop-api.js'
import { killApis } from './experiments/a2-kill-apis.js'
import { sameKey } from './experiments/a7-same-key.js'
import { killDeliverers } from './experiments/d4-kill-deliverers.js'
import { killRedisAlways, killRedisEverysec } from './experiments/r1-kill-redis.js'
import { lostScripts } from './experiments/r10-lost-scripts.js'
import { rewriteStorm } from './experiments/r13-rewrite-storm.js'
import { redisCluster } from './experiments/r14-cluster.js'
import { redisAway } from './experiments/r3-redis-away.js'
import { noRedis } from './experiments/r4-no-redis.js'
import { failpoints } from './experiments/w10-failpoints.js'
import { cancelStorm } from './experiments/w12-cancel-storm.js'
import { killWorkers } from './experiments/w1-kill-workers.js'
import { killRunners } from './experiments/w2-kill-runners.js'
import { noWorkers } from './experiments/w3-no-workers.js'
import { freezeWorker } from './experiments/w4-freeze-worker.js'
import { poison } from './experiments/w5-poison.js'
import { hang } from './experiments/w6-hang.js'
import { busyRunner } from './experiments/w7-busy-runner.js'
import { stopWorker } from './experiments/w8-stop-worker.js'
import { rollingRestart } from './experiments/w9-rolling-restart.js'
import { slowSenders } from './experiments/a3-slow-senders.js'
import { overload } from './experiments/a8-overload.js'
import { longPolls } from './experiments/a10-long-polls.js'
import { receiverAnswers } from './experiments/d1-answers.js'
import { slowReceivers } from './experiments/d2-slow-receivers.js'
import { deadReceiver } from './experiments/d3-dead-receiver.js'
import { longOutage } from './experiments/d5-long-outage.js'
import { fillMemory, foreignMemory } from './experiments/r5-out-of-memory.js'
import { badNetwork } from './experiments/r9-bad-network.js'
import { unsafeRedis } from './experiments/r11-unsafe-redis.js'
import { wrongClocks } from './experiments/w11-wrong-clocks.js'
import { slowReaders } from './experiments/a4-slow-readers.js'
import { hugeBodies } from './experiments/a5-huge-bodies.js'
import { hostileJson } from './experiments/a6-hostile-json.js'
import { injection } from './experiments/d10-injection.js'
import { eventOrder } from './experiments/d11-event-order.js'
import { deniedAddresses } from './experiments/d7-denied-addresses.js'
import { rebinding } from './experiments/d8-rebinding.js'
import { keptConnection } from './experiments/d9-kept-connection.js'
import { rotateSecrets } from './experiments/d6-rotate-secrets.js'

/** All experiments, in the order in which `--all` runs them. */
export const experiments: readonly Experiment[] = [
  killWorkers,
  killRunners,
  noWorkers,
  freezeWorker,
  poison,
  hang,
  busyRunner,
  stopWorker,
  rollingRestart,
  failpoints,
  wrongClocks,
  cancelStorm,
  killRedisAlways,
  killRedisEverysec,
  redisAway,
  noRedis,
  fillMemory,
  foreignMemory,
  badNetwork,
  lostScripts,
  unsafeRedis,
  rewriteStorm,
  redisCluster,
  stopApi,
  killApis,
  slowSenders,
  slowReaders,
  hugeBodies,
  hostileJson,
  sameKey,
  overload,
  longPolls,
  receiverAnswers,
  slowReceivers,
  deadReceiver,
  killDeliverers,
  longOutage,
  rotateSecrets,
  deniedAddresses,
  rebinding,
  keptConnection,
  injection,
  eventOrder,
]
