import type { Profile, ProfiledSetting } from '../profile.js'
import { barChart, escapeHtml } from './charts.js'
import { milliseconds, megabytes, perSecond } from './format.js'
import { htmlTable, page } from './page.js'
import { table } from './table.js'

const head = ['threads', 'instances', 'micro-batch', 'predictions', 'p50', 'p95', 'p99']

const cellsOf = (setting: ProfiledSetting): string[] => [
  String(setting.threads),
  String(setting.instances),
  String(setting.microBatchSize),
  perSecond(setting.perSecond),
  milliseconds(setting.p50Ms),
  milliseconds(setting.p95Ms),
  milliseconds(setting.p99Ms),
]

/** What to write into the manifest's `serving`. */
export function servingOf({ threads, instances, microBatchSize }: ProfiledSetting): string {
  return JSON.stringify({ instances, threads, batching: { maxSize: microBatchSize } })
}

function adviceOf({ recommended, latencyTargetMs }: Profile): string {
  const target =
    latencyTargetMs === null ? 'throughput' : `a 95th percentile of at most ${milliseconds(latencyTargetMs)}`
  if (!recommended) return `No setting keeps ${target}.`
  return `Recommended for ${target}: "serving": ${servingOf(recommended)}`
}

/** The profile for a terminal. */
export function terminalProfile(profile: Profile): string {
  const rows = table([head, ...profile.settings.map(cellsOf)]).map((line) => `  ${line}`)
  return [`${profile.model}:${profile.label}`, '', ...rows, '', adviceOf(profile)].join('\n')
}

/** The profile as one page that stands by itself. */
export function htmlProfile(profile: Profile): string {
  const title = `${profile.model}:${profile.label}, profiled`
  const colours = ['#2f6feb', '#2da44e', '#bf8700', '#8250df', '#cf222e', '#1b7c83']
  const sizes = [...new Set(profile.settings.map(({ microBatchSize }) => microBatchSize))]
  const shares = [...new Set(profile.settings.map(shareOf))]
  const series = (read: (setting: ProfiledSetting) => number) =>
    shares.map((share, index) => ({
      name: share,
      colour: colours[index % colours.length] ?? '#57606a',
      values: profile.settings.filter((setting) => shareOf(setting) === share).map(read),
    }))
  const { machine, createdAt, command } = profile
  const groups = sizes.map(String)
  return page(
    title,
    `<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(adviceOf(profile))}</p>
<h2>By size of micro-batch</h2><div class="figures">
${barChart(
  'Predictions a second',
  groups,
  series((setting) => setting.perSecond),
  perSecond,
)}
${barChart(
  '95th percentile of the latency',
  groups,
  series((setting) => setting.p95Ms),
  milliseconds,
)}
</div>
<h2>Everything measured</h2>${htmlTable(
      head,
      profile.settings.map((setting) => cellsOf(setting).map(escapeHtml)),
    )}
<p class="soft">${escapeHtml(`${createdAt} by ${command}; ${machine.cpu}, ${machine.cpus} cores, ${megabytes(machine.memoryBytes)}`)}</p>`,
  )
}

const shareOf = ({ threads, instances }: ProfiledSetting) => `${threads} threads × ${instances} instances`
