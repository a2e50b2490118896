import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StartupError } from '@augur/core/startup-error'
import { type CommittedReport, findRegressions, findVoid, type GuardedFigure } from './regressions.js'
import { measureSingles, type SinglesOptions } from './singles.js'

/**
 * Measures single predictions again and compares with the newest report. Exit code 1 when something became worse, 2
 * when the machine was not the one that the first report knew.
 */
export async function runGuard(options: SinglesOptions): Promise<number> {
  const reports = await readReports(join(options.root, 'bench/reports'))
  const [first, newest] = [reports.at(0), reports.at(-1)]
  if (!first || !newest) throw new StartupError('No report in bench/reports has single predictions.')
  const { figures, isRight, notes = [] } = await measureSingles(options)
  const found = findRegressions(newest.report, figures)
  process.stdout.write(`${[tableOf(found, newest.name), '', ...notes].join('\n')}\n`)
  const voided = findVoid(first.report, figures)
  for (const title of voided) process.stdout.write(`Void: ${title} differs from ${first.name}.\n`)
  if (voided.length > 0) return 2
  return isRight && !found.some(({ isRegression }) => isRegression) ? 0 : 1
}

interface Named {
  name: string
  report: CommittedReport
}

/** Those that have single predictions, oldest first. */
async function readReports(folder: string): Promise<Named[]> {
  const names = await readdir(folder).catch(() => [])
  const reports = names
    .filter((name) => name.endsWith('.json'))
    .map(async (name): Promise<Named> => {
      return { name, report: JSON.parse(await readFile(join(folder, name), 'utf8')) }
    })
  const withSingles = (await Promise.all(reports)).filter(({ report }) => report.experiments?.singles)
  return withSingles.toSorted((a, b) => dateOf(a).localeCompare(dateOf(b)))
}

/** Names end in the date: `all-2026-01-31T235959.json`. */
const dateOf = ({ name }: Named) => name.slice(name.indexOf('-'))

function tableOf(found: readonly GuardedFigure[], name: string): string {
  const rows = found.map(({ title, before, now, isRegression }) => {
    const verdict = isRegression ? 'worse' : 'ok'
    return `  ${title.padEnd(40)}${before.toFixed(2).padStart(8)}${now.toFixed(2).padStart(8)}   ${verdict}`
  })
  return [`Ratios to the yardstick: ${name} and now`, '', ...rows].join('\n')
}
