import { expect, test } from 'vitest'
import { check } from './check.js'
import type { HistoryEvent } from './event.js'

const input = { request: 1, value: [1, 1, -1] as [number, number, number], canary: 'canary-alpha' }
const read = {
  kind: 'read',
  id: 'p1',
  output: null,
  errorCode: null,
  completedAt: null,
  resultHash: 'open',
  textHash: 'open',
} as const
const end = { ...read, status: 'succeeded', output: [2, 2, -2], resultHash: 'r', textHash: 't' } as const
const webhook = {
  kind: 'webhook',
  id: 'p1',
  webhookId: 'm1',
  isSigned: true,
  textHash: 't',
  skewSeconds: 0,
} as const
const resources = { kind: 'resources', process: 'api-1', rssBytes: 1, descriptors: 20, children: 0 } as const

/** One prediction whose worker was killed once, and that ended well. */
const sound: readonly HistoryEvent[] = [
  { ...resources, at: 0, moment: 'fresh' },
  { at: 1, kind: 'request', request: 1, key: 'alpha/1', tenant: 'alpha', input, hasWebhook: true },
  { at: 2, kind: 'response', request: 1, status: 0, id: null, durationMs: 1 },
  { at: 3, kind: 'request', request: 1, key: 'alpha/1', tenant: 'alpha', input, hasWebhook: true },
  { at: 4, kind: 'response', request: 1, status: 201, id: 'p1', durationMs: 1 },
  { at: 5, kind: 'run', request: 1, pid: 7, phase: 'begin' },
  { at: 6, kind: 'fault', fault: 'kill', target: 'worker-1', pids: [7], atRisk: 8 },
  { at: 6, kind: 'exit', process: 'worker-1', code: null, signal: 'SIGKILL', isPlanned: true },
  { ...read, at: 7, status: 'processing' },
  { at: 8, kind: 'run', request: 1, pid: 9, phase: 'begin' },
  { at: 9, kind: 'run', request: 1, pid: 9, phase: 'end' },
  { ...webhook, at: 10, statusThen: 'succeeded' },
  { ...webhook, at: 11, statusThen: 'succeeded' },
  { ...end, at: 12 },
  { ...end, at: 13 },
  { at: 14, kind: 'stored', id: 'p1', tenant: 'alpha' },
  { ...resources, at: 15, moment: 'settled', descriptors: 22 },
]

test('a history in which every promise was kept has no breach', () => {
  expect(check(sound)).toEqual({})
})

const without = (unwanted: (event: HistoryEvent) => boolean) => sound.filter((event) => !unwanted(event))

test.each<[string, readonly HistoryEvent[]]>([
  ['I1', without(({ kind }) => kind === 'read')],
  ['I1', [...sound, { ...read, at: 20, status: 'missing' }]],
  ['I2', [...sound, { at: 20, kind: 'stored', id: 'p2', tenant: 'alpha' }]],
  ['I3', [...sound, { ...end, at: 20, resultHash: 'other' }]],
  ['I4', [...sound, { ...read, at: 20, status: 'processing' }]],
  [
    'I5',
    [
      ...sound,
      { at: 20, kind: 'response', request: 1, status: 201, id: 'p2', durationMs: 1 },
      { ...webhook, at: 20, id: 'p2', statusThen: 'succeeded' },
      { ...end, at: 20, id: 'p2' },
    ],
  ],
  [
    'I6',
    sound.map((event) => (event.kind === 'read' && event.output ? { ...event, output: [0, 0, 0] } : event)),
  ],
  ['I7', without(({ kind }) => kind === 'webhook')],
  ['I7', [...sound, { ...webhook, at: 20, statusThen: 'succeeded', webhookId: 'm2' }]],
  ['I7', [...sound, { ...webhook, at: 20, statusThen: 'succeeded', isSigned: false }]],
  ['I7', [...sound, { ...webhook, at: 20, statusThen: 'succeeded', textHash: 'other' }]],
  ['I8', [...sound, { ...webhook, at: 20, statusThen: 'processing' }]],
  [
    'I9',
    [...sound, { at: 20, kind: 'leak', what: 'canary', detail: 'an answer shows beta a word of alpha' }],
  ],
  ['I10', [...sound, { at: 20, kind: 'leak', what: 'secret', detail: 'api-1.log: the master key' }]],
  ['I11', [...sound, { at: 20, kind: 'exit', process: 'api-1', code: 1, signal: null, isPlanned: false }]],
  ['I11', [...sound, { ...resources, at: 20, moment: 'settled', descriptors: 99 }]],
  ['I12', without(({ kind }) => kind === 'fault')],
])('a history with a breach of %s is told apart', (invariant, events) => {
  expect(Object.keys(check(events))).toEqual([invariant])
})
