import type { Health } from '@augur/client/types'
import { useCallback } from 'preact/hooks'
import { usePolled } from '../server/use-polled.js'
import { useServer } from '../server/use-server.js'
import { Badge } from '../ui/badge.js'
import { formatCount, formatSeconds } from '../ui/format.js'
import { BatchesTable } from './batches-table.js'
import { DeliveriesTable } from '../deliveries/deliveries-table.js'
import { RolloutCard } from './rollout-card.js'
import { TryVersion } from './try-version.js'
import { useHistory } from './use-history.js'
import { VersionsTable } from './versions-table.js'
import type { Overview } from './wire.js'

const everyMs = 2000

/** What runs, what waits and what went wrong, and the levers for it. Needs a key with the scope `admin`. */
export function OperationsPage() {
  const server = useServer()
  const read = useCallback(() => server.request<Overview>('/admin/overview'), [server])
  const { value: overview, error, reload } = usePolled(read, everyMs)
  const histories = useHistory(overview)
  const versions = overview?.versions ?? []
  return (
    <div class="operations">
      <h1>Operations</h1>
      <p class="error" role="alert">
        {error}
      </p>
      <Figures overview={overview} />
      <VersionsTable versions={versions} histories={histories} onChange={reload} />
      <section class="panel" aria-labelledby="rollouts-title">
        <h2 id="rollouts-title">Rollouts</h2>
        {overview?.rollouts.length === 0 && <p class="empty">No version is tried on live traffic.</p>}
        {overview?.rollouts.map((model) => (
          <RolloutCard key={model} model={model} onChange={reload} />
        ))}
        <TryVersion versions={versions} onChange={reload} />
      </section>
      <BatchesTable />
      <DeliveriesTable
        path="/api/v1/deliveries?limit=20"
        title="Webhook deliveries"
        empty="No webhook was asked for yet."
      />
      <DeliveriesTable
        path="/api/v1/deliveries?limit=20&state=exhausted"
        title="Dead letters"
        empty="Every webhook was delivered, or still may be."
      />
    </div>
  )
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)

function Figures({ overview }: { overview: Overview | null }) {
  const server = useServer()
  const health = usePolled(
    useCallback(() => server.request<Health>('/api/v1/health'), [server]),
    everyMs,
  ).value
  const versions = overview?.versions ?? []
  const oldest = Math.max(0, ...versions.map(({ oldest_age_seconds: age }) => age ?? 0))
  const rate = sum(versions.map(({ ran_per_second: each }) => each ?? 0))
  const figures = [
    { name: 'Workers', value: formatCount(overview?.workers ?? 0) },
    { name: 'Open predictions', value: formatCount(sum(versions.map(({ open }) => open))) },
    { name: 'Oldest', value: oldest === 0 ? '–' : formatSeconds(oldest) },
    { name: 'Rate', value: rate === 0 ? '–' : `${rate.toFixed(rate < 10 ? 1 : 0)}/s` },
    { name: 'Failed in all', value: formatCount(sum(versions.map(({ failed }) => failed))) },
  ]
  return (
    <dl class="figures">
      <div>
        <dt>Server</dt>
        <dd>{health ? <Badge status={health.status} /> : '–'}</dd>
      </div>
      {figures.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
