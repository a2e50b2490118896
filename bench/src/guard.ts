import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StartupError } from '@augur/core/startup-error'
import { type CommittedReport, findRegressions, type GuardedFigure } from './regressions.js'
import { type SinglesOptions, withSingles } from './singles.js'

/** Measures single predictions again and compares with the newest report. Exit code 1 when something became worse. */
export async function runGuard(options: SinglesOptions): Promise<number> {
  const { name, report } = await newestReport(join(options.root, 'bench/reports'))
  return withSingles(options, async ({ results }) => {
    const found = findRegressions(report, results)
    process.stdout.write(`${tableOf(found, name)}\n`)
    return found.some(({ isRegression }) => isRegression) ? 1 : 0
  })
}

async function newestReport(folder: string): Promise<{ name: string; report: CommittedReport }> {
  const names = await readdir(folder).catch(() => [])
  const name = names
    .filter((each) => /^singles-.*\.json$/.test(each))
    .toSorted()
    .at(-1)
  if (name === undefined) throw new StartupError('There is no report in bench/reports to compare with.')
  const report: CommittedReport = JSON.parse(await readFile(join(folder, name), 'utf8'))
  return { name, report }
}

function tableOf(found: readonly GuardedFigure[], name: string): string {
  const rows = found.map(({ title, before, now, isRegression }) => {
    const verdict = isRegression ? 'worse' : 'ok'
    return `  ${title.padEnd(36)}${before.toFixed(2).padStart(8)}${now.toFixed(2).padStart(8)}   ${verdict}`
  })
  return [`Ratios to the yardstick: ${name} and now`, '', ...rows].join('\n')
}
