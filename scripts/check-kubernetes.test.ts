import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '@augur/core/config'
import { createMetrics } from '@augur/core/telemetry/metrics'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { apiSettings } from '../apps/api/src/config.js'
import { workerSettings } from '../apps/worker/src/config.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'deploy/kubernetes')
const read = (name: string) => readFileSync(join(folder, name), 'utf8')

const labels = z.record(z.string(), z.string())
const httpProbe = z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) })
const anyProbe = z.union([httpProbe, z.object({ exec: z.looseObject({}) })])
const container = z.looseObject({
  name: z.string(),
  image: z.string(),
  envFrom: z
    .array(z.union([z.object({ configMapRef: named() }), z.object({ secretRef: named() })]))
    .default([]),
  env: z.array(z.strictObject({ name: z.string(), value: z.string() })).default([]),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
  securityContext: z.object({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.object({ drop: z.tuple([z.literal('ALL')]) }),
  }),
  startupProbe: anyProbe,
  livenessProbe: anyProbe,
  readinessProbe: anyProbe,
  resources: z.object({ requests: labels, limits: labels }),
  volumeMounts: z.array(z.looseObject({ name: z.string() })),
})
const workload = z.looseObject({
  kind: z.enum(['Deployment', 'StatefulSet']),
  metadata: named(),
  spec: z.looseObject({
    selector: z.object({ matchLabels: labels }),
    volumeClaimTemplates: z.array(z.looseObject({ metadata: named() })).default([]),
    template: z.object({
      metadata: z.object({ labels }),
      spec: z.looseObject({
        automountServiceAccountToken: z.literal(false),
        terminationGracePeriodSeconds: z.number(),
        securityContext: z.looseObject({ runAsNonRoot: z.literal(true), runAsUser: z.number().min(1) }),
        containers: z.tuple([container]),
        volumes: z
          .array(
            z.looseObject({
              name: z.string(),
              persistentVolumeClaim: z.looseObject({ claimName: z.string() }).optional(),
            }),
          )
          .default([]),
      }),
    }),
  }),
})
type Workload = z.infer<typeof workload>
const service = z.looseObject({
  metadata: named(),
  spec: z.object({ selector: labels, ports: z.array(z.looseObject({ targetPort: z.string() })) }),
})
const budget = z.looseObject({ spec: z.looseObject({ selector: z.object({ matchLabels: labels }) }) })
const trigger = z.object({
  type: z.literal('prometheus'),
  name: z.string(),
  metadata: z.object({
    serverAddress: z.url(),
    query: z.string(),
    threshold: z.string().regex(/^\d+$/),
    activationThreshold: z.literal('0'),
  }),
})
const scaledObject = z.looseObject({
  spec: z.object({
    scaleTargetRef: named(),
    minReplicaCount: z.literal(0),
    maxReplicaCount: z.number().min(1),
    pollingInterval: z.number(),
    cooldownPeriod: z.number(),
    triggers: z.array(trigger).min(1),
  }),
})
const podSelector = z.object({
  matchLabels: labels.default({}),
  matchExpressions: z
    .array(z.object({ key: z.string(), operator: z.literal('In'), values: z.array(z.string()) }))
    .default([]),
})
const peer = z.looseObject({
  podSelector: podSelector.optional(),
  ipBlock: z.object({ cidr: z.string(), except: z.array(z.string()) }).optional(),
})
const port = z.object({ protocol: z.enum(['TCP', 'UDP']), port: z.union([z.number(), z.string()]) })
const policy = z.looseObject({
  metadata: named(),
  spec: z.object({
    podSelector,
    policyTypes: z.array(z.enum(['Ingress', 'Egress'])),
    ingress: z.array(z.object({ from: z.array(peer), ports: z.array(port) })).default([]),
    egress: z.array(z.object({ to: z.array(peer), ports: z.array(port) })).default([]),
  }),
})
const settings = z.looseObject({ metadata: named(), data: labels })

function named() {
  return z.looseObject({ name: z.string() })
}

const kustomization = z
  .looseObject({
    resources: z.array(z.string()),
    images: z.array(z.looseObject({ name: z.string() })),
    secretGenerator: z.array(z.looseObject({ name: z.string() })),
  })
  .parse(parse(read('kustomization.yaml')))

const documents = kustomization.resources.flatMap((name) =>
  parseAllDocuments(read(name)).map((document) =>
    z.looseObject({ kind: z.string(), apiVersion: z.string() }).parse(document.toJS()),
  ),
)
const ofKind = <T>(kind: string, schema: z.ZodType<T>): T[] =>
  documents.filter((document) => document.kind === kind).map((document) => schema.parse(document))

const workloads = [...ofKind('Deployment', workload), ...ofKind('StatefulSet', workload)]
const ours = workloads.filter(({ metadata }) => metadata.name.startsWith('augur-'))
const configMaps = ofKind('ConfigMap', settings)
const policies = ofKind('NetworkPolicy', policy)

const podOf = ({ spec }: Workload) => spec.template
const containerOf = (each: Workload) => podOf(each).spec.containers[0]
const carries = (has: Record<string, string>, wanted: Record<string, string>) =>
  Object.entries(wanted).every(([label, value]) => has[label] === value)
const selects = ({ matchLabels, matchExpressions }: z.infer<typeof podSelector>, each: Workload) =>
  carries(podOf(each).metadata.labels, matchLabels) &&
  matchExpressions.every(({ key, values }) => values.includes(podOf(each).metadata.labels[key] ?? ''))

/** What the process of a workload finds in its environment. */
function environmentOf(each: Workload): Record<string, string> {
  const { envFrom, env } = containerOf(each)
  const shared = envFrom.flatMap((from) =>
    'configMapRef' in from
      ? configMaps.filter(({ metadata }) => metadata.name === from.configMapRef.name).map(({ data }) => data)
      : [{ AUGUR_API_KEY: 'k'.repeat(32), AUGUR_MASTER_KEY: 'm'.repeat(32) }],
  )
  return Object.assign({}, ...shared, Object.fromEntries(env.map(({ name, value }) => [name, value])))
}

const schemaOf = (each: Workload) => (containerOf(each).image === 'augur-api' ? apiSettings : workerSettings)
const settingsOf = (each: Workload) => loadConfig(schemaOf(each), environmentOf(each))

test('every manifest of the folder is applied, and no other', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml')
  expect(kustomization.resources.toSorted()).toEqual(files.toSorted())
})

describe.each(ours.map((each) => [each.metadata.name, each] as const))('%s', (_, each) => {
  test('names settings that its process knows, with values that it takes', () => {
    const known = new Set([...Object.keys(apiSettings.shape), ...Object.keys(workerSettings.shape)])
    const own = containerOf(each).env.map(({ name }) => name)
    expect(own.filter((name) => !(name in schemaOf(each).shape))).toEqual([])
    expect(Object.keys(environmentOf(each)).filter((name) => !known.has(name))).toEqual([])
    expect(settingsOf(each).AUGUR_MODE).toBe('production')
  })

  test('refers to what is there', () => {
    const { volumes } = podOf(each).spec
    const { envFrom, image, volumeMounts } = containerOf(each)
    const claims = documents.filter(({ kind }) => kind === 'PersistentVolumeClaim').map(nameOf)
    const wanted = volumes.flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? [])
    expect(claims).toEqual(expect.arrayContaining(wanted))
    const sources = envFrom.map((from) =>
      'secretRef' in from ? from.secretRef.name : from.configMapRef.name,
    )
    const there = [...configMaps.map(({ metadata }) => metadata), ...kustomization.secretGenerator]
    expect(there.map(({ name }) => name)).toEqual(expect.arrayContaining(sources))
    expect(volumes.map(({ name }) => name)).toEqual(
      expect.arrayContaining(volumeMounts.map(({ name }) => name)),
    )
    expect(kustomization.images.map(({ name }) => name)).toContain(image)
  })

  test('is probed where its process listens, by paths that it has', () => {
    const { ports, startupProbe, livenessProbe, readinessProbe } = containerOf(each)
    const environment = environmentOf(each)
    const [listens] = ports
    expect(String(listens?.containerPort)).toBe(environment.AUGUR_WORKER_PORT ?? environment.PORT)
    expect(environment.AUGUR_WORKER_HOST ?? environment.HOST).toBe('0.0.0.0')
    const probes = [startupProbe, livenessProbe, readinessProbe].map(
      (probe) => httpProbe.parse(probe).httpGet,
    )
    expect(probes.map((probe) => probe.port)).toEqual(probes.map(() => listens?.name))
    expect(probes.map(({ path }) => path)).toEqual([
      expect.stringMatching(/^\/(?:livez|readyz)$/),
      '/livez',
      '/readyz',
    ])
  })

  test('is given more time to stop than it takes', () => {
    const config = settingsOf(each)
    const needs =
      'AUGUR_GRACE_SECONDS' in config ? config.AUGUR_GRACE_SECONDS + 3 : config.AUGUR_LEAVE_SECONDS
    expect(podOf(each).spec.terminationGracePeriodSeconds).toBeGreaterThan(needs + 6)
  })

  test('is not evicted all at once', () => {
    const selectors = ofKind('PodDisruptionBudget', budget).map(({ spec }) => spec.selector.matchLabels)
    const covering = selectors.filter((wanted) => carries(podOf(each).metadata.labels, wanted))
    expect(covering).toHaveLength(1)
  })
})

const nameOf = (document: object) => z.looseObject({ metadata: named() }).parse(document).metadata.name

test('selectors of workloads and services find their pods, at ports that these have', () => {
  for (const each of workloads)
    expect(carries(podOf(each).metadata.labels, each.spec.selector.matchLabels)).toBe(true)
  for (const { spec } of ofKind('Service', service)) {
    const [behind, ...more] = workloads.filter((each) => carries(podOf(each).metadata.labels, spec.selector))
    expect(more).toEqual([])
    const there = behind ? containerOf(behind).ports.map(({ name }) => name) : []
    expect(there).toEqual(expect.arrayContaining(spec.ports.map(({ targetPort }) => targetPort)))
  }
})

test('REDIS_URL names a service of the manifests', () => {
  const [config] = configMaps
  const host = new URL(config?.data.REDIS_URL ?? '').hostname
  expect(ofKind('Service', service).map(({ metadata }) => metadata.name)).toContain(host)
})

test('every role has a deployment, and those without which nothing is kept are never scaled to zero', () => {
  const roles = ours.filter((each) => containerOf(each).image === 'augur-worker')
  const byRole = new Set(roles.map((each) => environmentOf(each).AUGUR_WORKER_ROLES))
  expect(byRole).toEqual(new Set(['predictions', 'webhooks', 'maintenance']))
  const scaled = ofKind('ScaledObject', scaledObject).map(({ spec }) => spec.scaleTargetRef.name)
  const predicting = roles.filter((each) => environmentOf(each).AUGUR_WORKER_ROLES === 'predictions')
  expect(scaled.toSorted()).toEqual(predicting.map(({ metadata }) => metadata.name).toSorted())
})

test('an API whose workers are scaled to zero is ready without them', () => {
  const [api] = ours.filter((each) => containerOf(each).image === 'augur-api')
  expect(api && environmentOf(api).AUGUR_SCALE_TO_ZERO).toBe('true')
})

describe.each(
  ofKind('ScaledObject', scaledObject).map(({ spec }) => [spec.scaleTargetRef.name, spec] as const),
)('scaling of %s', (name, spec) => {
  const target = ours.find(({ metadata }) => metadata.name === name)
  const model = target ? (environmentOf(target).AUGUR_MODELS ?? '') : ''

  test('goes by the backlog of each version of the model that it serves', () => {
    const folderOfModel = join(root, 'models', model.replace('augur/', ''))
    const versions = readdirSync(folderOfModel).filter((label) =>
      existsSync(join(folderOfModel, label, 'manifest.json')),
    )
    const expected = versions.map(
      (label) => `max(sum by (instance) (augur_queue_depth{model="${model}",label="${label}"}))`,
    )
    expect(spec.triggers.map(({ metadata }) => metadata.query).toSorted()).toEqual(expected.toSorted())
  })

  test('asks for a metric that there is', () => {
    const labelNames = ['model', 'label', 'queue']
    expect(createMetrics().queueDepth).toMatchObject({ name: 'augur_queue_depth', labelNames })
  })
})

describe('network policies', () => {
  test('refuse everything that no other one allows', () => {
    const [denied] = policies.filter(({ metadata }) => metadata.name === 'default-deny')
    expect(denied?.spec).toEqual({
      podSelector: { matchLabels: {}, matchExpressions: [] },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [],
      egress: [],
    })
  })

  test('let every pod of ours, and nothing else, reach Redis', () => {
    const redis = workloads.filter(({ metadata }) => metadata.name === 'redis')
    const reaching = policies.filter(({ spec }) =>
      spec.egress.some(({ to }) =>
        to.some(({ podSelector: at }) => at && redis.every((each) => selects(at, each))),
      ),
    )
    for (const each of ours) expect(reaching.some(({ spec }) => selects(spec.podSelector, each))).toBe(true)
    const [into, ...more] = policies.filter(
      ({ spec }) => spec.ingress.length > 0 && redis.some((each) => selects(spec.podSelector, each)),
    )
    expect(more).toEqual([])
    const from = into?.spec.ingress.flatMap((rule) => rule.from) ?? []
    expect(from.every(({ podSelector: who }) => who && ours.every((each) => selects(who, each)))).toBe(true)
  })

  test('let only those out that fetch or deliver, and to public addresses only', () => {
    const outside = policies.filter(({ spec }) =>
      spec.egress.some(({ to }) => to.some((each) => each.ipBlock)),
    )
    const free = ours.filter((each) => outside.some(({ spec }) => selects(spec.podSelector, each)))
    const roles = new Set(free.map((each) => environmentOf(each).AUGUR_WORKER_ROLES))
    expect(roles).toEqual(new Set(['predictions', 'webhooks']))
    const blocks = outside.flatMap(({ spec }) =>
      spec.egress.flatMap(({ to }) => to.map((each) => each.ipBlock)),
    )
    for (const block of blocks.filter((each) => each?.cidr === '0.0.0.0/0')) {
      const inside = ['10.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16']
      expect(block?.except).toEqual(expect.arrayContaining(inside))
    }
  })

  test('name ports that the pods behind them have', () => {
    for (const { spec } of policies) {
      const names = spec.ingress.flatMap(({ ports }) => ports.map((each) => each.port))
      for (const each of workloads.filter((one) => names.length > 0 && selects(spec.podSelector, one))) {
        expect(containerOf(each).ports.map(({ name }) => name)).toEqual(expect.arrayContaining(names))
      }
    }
  })
})
