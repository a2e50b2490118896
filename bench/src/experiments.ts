import { resolve } from 'node:path'
import { measureBacklog } from './backlog.js'
import { measureBatches } from './batches.js'
import { measureCompute } from './compute.js'
import type { Findings } from './findings.js'
import { measureIdle } from './idle.js'
import { measureImages } from './images.js'
import { measureIsolation } from './isolation.js'
import { measureLatency } from './latency.js'
import { measureModels } from './models.js'
import { measureNoisy } from './noisy.js'
import { measurePayloads } from './payloads.js'
import { measurePool } from './pool.js'
import { measureReload } from './reload.js'
import { measureShadow } from './shadow.js'
import { measureSingles, type SinglesOptions } from './singles.js'
import { measureWaiting } from './waiting.js'

/** What the command line says of how much is measured; what it leaves out is each experiment's own. */
export interface Sizes {
  root: string
  rounds?: number | undefined
  predictions?: number | undefined
  connections?: number | undefined
  lines?: number | undefined
  queued?: readonly number[] | undefined
  seconds?: number | undefined
  cycles?: number | undefined
  profile?: string | undefined
  /** A fifth of everything, for a look. */
  quick: boolean
}

interface Experiment {
  /** For the help. */
  about: string
  /** Options that it knows. */
  options: readonly (keyof Sizes)[]
  measure(sizes: Sizes): Promise<Findings>
}

/** What is usual, or a fifth of it. */
const usually = ({ quick }: Sizes, usual: number) => (quick ? Math.max(1, Math.round(usual / 5)) : usual)
const roundsOf = (sizes: Sizes, usual = 3) => sizes.rounds ?? usually(sizes, usual)

function load(sizes: Sizes, usual: number, connections = 64) {
  return {
    root: sizes.root,
    predictions: sizes.predictions ?? usually(sizes, usual),
    connections: sizes.connections ?? connections,
  }
}

export function singlesOptions(sizes: Sizes): SinglesOptions {
  const { profile } = sizes
  return { ...load(sizes, 5000), rounds: roundsOf(sizes, 5), profileDir: profile && resolve(profile) }
}

/** In the order in which they run together. */
export const experiments: Readonly<Record<string, Experiment>> = {
  idle: {
    about: 'what API, worker, runners and Redis cost when nobody asks anything of them',
    options: ['seconds'],
    measure: (sizes) => measureIdle({ root: sizes.root, seconds: sizes.seconds ?? usually(sizes, 30) }),
  },
  singles: {
    about: 'single predictions over HTTP, beside a minimal BullMQ server and the bare queue',
    options: ['rounds', 'predictions', 'connections', 'profile'],
    measure: (sizes) => measureSingles(singlesOptions(sizes)),
  },
  latency: {
    about: 'how long answers take on servers that are not busy, beside that server',
    options: ['rounds', 'predictions'],
    measure: (sizes) => measureLatency({ ...load(sizes, 300), rounds: roundsOf(sizes, 5) }),
  },
  batches: {
    about: 'batches, beside a loop without a server and beside single predictions',
    options: ['rounds', 'lines', 'predictions', 'connections', 'profile'],
    measure(sizes) {
      const { lines = usually(sizes, 50_000), profile } = sizes
      const profileDir = profile && resolve(profile)
      return measureBatches({ ...load(sizes, 2000), rounds: roundsOf(sizes, 5), lines, profileDir })
    },
  },
  compute: {
    about: 'models that are busy computing, beside session.run alone',
    options: ['rounds', 'predictions'],
    measure: (sizes) => measureCompute({ ...load(sizes, 120), rounds: roundsOf(sizes) }),
  },
  images: {
    about: 'JPEGs through the image pipeline, beside sharp and session.run in a loop',
    options: ['rounds', 'predictions', 'connections'],
    measure: (sizes) => measureImages({ ...load(sizes, 400, 16), rounds: roundsOf(sizes) }),
  },
  pool: {
    about: '1, 2 and 4 workers, with a model that sleeps',
    options: ['rounds', 'predictions'],
    measure: (sizes) => measurePool({ ...load(sizes, 200), rounds: roundsOf(sizes) }),
  },
  models: {
    about: '1, 10 and 50 models loaded: what a prediction of one of them costs',
    options: ['rounds', 'predictions', 'connections'],
    measure: (sizes) => measureModels({ ...load(sizes, 2000), rounds: roundsOf(sizes) }),
  },
  payloads: {
    about: 'inputs and outputs of 1 kB to 1 MB',
    options: ['rounds', 'predictions'],
    measure: (sizes) => measurePayloads({ ...load(sizes, 1000), rounds: roundsOf(sizes) }),
  },
  waiting: {
    about: '100, 1,000 and 5,000 clients that wait: what they cost, and predictions beside them',
    options: ['predictions', 'connections'],
    measure: (sizes) => measureWaiting(load(sizes, 3000)),
  },
  backlog: {
    about: 'what a prediction costs beside a queue that is long already (--queued 0,100000,1000000)',
    options: ['queued', 'predictions', 'connections'],
    measure(sizes) {
      const { queued = sizes.quick ? [0, 20_000] : [0, 100_000, 1_000_000] } = sizes
      return measureBacklog({ ...load(sizes, 5000), queued })
    },
  },
  isolation: {
    about: "a neighbour's rate beside models that crash, loop and allocate",
    options: ['seconds'],
    measure: (sizes) => measureIsolation({ root: sizes.root, seconds: sizes.seconds ?? usually(sizes, 10) }),
  },
  shadow: {
    about: 'waiting predictions with and without a shadow that repeats each of them',
    options: ['rounds', 'predictions', 'connections'],
    measure: (sizes) => measureShadow({ ...load(sizes, 5000), rounds: roundsOf(sizes, 5) }),
  },
  noisy: {
    about: 'a quiet tenant beside one that sends a hundred times what its key may',
    options: ['rounds', 'predictions', 'connections'],
    measure: (sizes) => measureNoisy({ ...load(sizes, 200), rounds: roundsOf(sizes, 5) }),
  },
  reload: {
    about: 'memory over cycles of unloading and loading a model',
    options: ['cycles'],
    measure: (sizes) => measureReload({ root: sizes.root, cycles: sizes.cycles ?? (sizes.quick ? 20 : 50) }),
  },
}
