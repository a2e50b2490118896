import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createMetrics } from '@augur/core/telemetry/metrics'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { apiSettings } from '../apps/api/src/config.js'
import { workerSettings } from '../apps/worker/src/config.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')

const { registry: _, ...metrics } = createMetrics()
const described = z.object({ name: z.string(), labelNames: z.array(z.string()) })
/** Labels by name of the metric. */
const known = new Map(
  Object.values(metrics)
    .map((metric) => described.parse(metric))
    .map(({ name, labelNames }) => [name, labelNames]),
)

const alerts = z
  .object({
    groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string() })) })),
  })
  .parse(parse(read('deploy/observability/alerts.yml')))
  .groups.flatMap(({ rules }) => rules)

const target = z.object({ expr: z.string(), legendFormat: z.string() })
const panel = z.object({ type: z.string(), title: z.string(), targets: z.array(target).default([]) })
const dashboard = z
  .object({ panels: z.array(panel) })
  .parse(JSON.parse(read('deploy/observability/grafana/dashboards/augur.json')))
const targets = dashboard.panels.flatMap((each) => each.targets)

const queries = [...alerts, ...targets].map(({ expr }) => expr)

/** Each metric of a query with the labels that it is asked for. */
function asked(query: string): { name: string; labels: string[] }[] {
  return [...query.matchAll(/\b(augur_\w+)(?:\{([^}]*)\})?/g)].map(([, name = '', matchers = '']) => ({
    name: known.has(name) ? name : name.replace(/_(?:bucket|sum|count)$/, ''),
    labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  }))
}

describe('dashboard and alerts', () => {
  test('ask for metrics that there are, by labels that they have', () => {
    const wrong = queries
      .flatMap(asked)
      .filter(
        ({ name, labels }) => labels.some((label) => !known.get(name)?.includes(label)) || !known.has(name),
      )
    expect(wrong).toEqual([])
    expect(queries.flatMap(asked).length).toBeGreaterThan(30)
  })

  test('group by labels that one of their metrics has', () => {
    for (const query of queries) {
      const has = new Set([...asked(query).flatMap(({ name }) => known.get(name) ?? []), 'le'])
      const grouped = [...query.matchAll(/\b(?:by|on|without) \(([^)]*)\)/g)].flatMap(([, list = '']) =>
        list.split(',').map((label) => label.trim()),
      )
      expect({ query, unknown: grouped.filter((label) => !has.has(label)) }).toEqual({ query, unknown: [] })
    }
  })

  test('show every metric that there is', () => {
    const shown = new Set(targets.flatMap(({ expr }) => asked(expr)).map(({ name }) => name))
    expect([...known.keys()].filter((name) => !shown.has(name))).toEqual([])
  })
})

test('every alert has its section in the runbook, and every such section its alert', () => {
  const sections = [...read('docs/operations/runbook.md').matchAll(/^## (Augur\w+)$/gm)].map(
    ([, name]) => name,
  )
  expect(sections).toEqual(alerts.map(({ alert }) => alert))
})

const hasPromtool = spawnSync('promtool', ['--version']).status === 0

test.skipIf(!hasPromtool)('every alert fires on what it is for', () => {
  const file = join(root, 'deploy/observability/alerts.test.yml')
  const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' })
  expect({ status, said: stdout + stderr }).toMatchObject({ status: 0 })
})

test('every alert has a case of its own', () => {
  const tried = [...read('deploy/observability/alerts.test.yml').matchAll(/alertname: (\w+)/g)]
  expect([...new Set(tried.map(([, name]) => name))]).toEqual(alerts.map(({ alert }) => alert))
})

test('what the compose file mounts from here is here', () => {
  const service = z.looseObject({ volumes: z.array(z.string()).default([]) })
  const compose = z.object({ services: z.record(z.string(), service) })
  const { services } = compose.parse(parse(read('docker-compose.yml'), { merge: true }))
  const sources = Object.values(services)
    .flatMap(({ volumes }) => volumes.map((volume) => volume.split(':')[0] ?? ''))
    .filter((source) => source.startsWith('./'))
  expect(sources.length).toBeGreaterThan(4)
  expect(sources.filter((source) => !existsSync(join(root, source)))).toEqual([])
})

test('the compose file names settings that its processes know', () => {
  const service = z.looseObject({
    build: z.object({ dockerfile: z.string() }),
    environment: z.record(z.string(), z.unknown()),
  })
  const { services } = z
    .object({ services: z.record(z.string(), z.unknown()) })
    .parse(parse(read('docker-compose.yml'), { merge: true }))
  const ours = Object.values(services).flatMap((each) => service.safeParse(each).data ?? [])
  const settings = new Set([...Object.keys(apiSettings.shape), ...Object.keys(workerSettings.shape)])
  const names = ours.flatMap(({ environment }) => Object.keys(environment))
  expect(names.map((name) => name.replace(/_FILE$/, '')).filter((name) => !settings.has(name))).toEqual([])
  expect(ours).toHaveLength(3)
})
