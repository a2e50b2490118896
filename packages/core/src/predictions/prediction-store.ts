import type { Redis } from 'ioredis'
import { type ModelTag, type PredictionId, tagOfId } from '../ids.js'
import type { VersionId } from '../models/version.js'
import type { Keys } from '../redis/keys.js'
import { type ArmOutcome, encodeOutcome } from '../rollouts/arm-outcome.js'
import { scored } from '../redis/scored.js'
import { loadScript, runScript, runScriptInOrder } from '../redis/script.js'
import { type Delivery, deliveryId } from '../webhooks/delivery.js'
import { bodyField } from '../webhooks/delivery-record.js'
import { webhookEvents } from '../webhooks/webhook-events.js'
import { type Ending, firstDueAt, type Prediction } from './prediction.js'
import { splitFinishes } from './split-finishes.js'
import {
  decodeHead,
  decodeRecord,
  encodeRecord,
  type PredictionHead,
  type RecordFields,
} from './prediction-record.js'

const scripts = {
  create: loadScript(new URL('./create.lua', import.meta.url)),
  claim: loadScript(new URL('./claim.lua', import.meta.url)),
  finish: loadScript(new URL('./finish.lua', import.meta.url)),
  charge: loadScript(new URL('./charge.lua', import.meta.url)),
  advanceEpoch: loadScript(new URL('./advance-epoch.lua', import.meta.url)),
  removeData: loadScript(new URL('./remove-data.lua', import.meta.url)),
  delete: loadScript(new URL('./delete.lua', import.meta.url)),
}

/** `queuePosition`: open predictions of its version that came before. */
export type CreateOutcome = { kind: 'created'; queuePosition: number } | { kind: 'exists' }

export interface Claim {
  id: PredictionId
  epoch: number
  token: string
}

export type ClaimOutcome =
  | { kind: 'claimed'; prediction: Prediction }
  /**
   * `ended`: cancelled meanwhile; `stale`: another queue job took over, or it is of another version; `missing`: no such
   * record; `expired`: its time is up, and the reconciler ends it.
   */
  | { kind: 'ended' | 'stale' | 'missing' | 'expired' }

export interface Finish {
  prediction: Prediction
  ending: Ending
  /** What its webhook is told of it, where one is wanted. */
  deliveries: readonly Delivery[]
  /** What it tells of its arm; null, or left out, where it has none. */
  outcome?: ArmOutcome | null
}

/** `fenced`: the record was claimed again since the caller read it. */
export type FinishOutcome = 'finished' | 'ended' | 'fenced' | 'missing'

/** `open`: it has not ended, and stays as it is. */
export type DeleteOutcome = 'deleted' | 'open' | 'missing'

export interface Counts {
  accepted: number
  succeeded: number
  failed: number
  canceled: number
}

/** The only reader and writer of prediction records; every change of status is one atomic step. */
export class PredictionStore {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
    private readonly recordRetentionMs: number,
  ) {}

  /**
   * Creates records of predictions of one version, but for those whose ids exist. Commands sent after it over the same
   * connection find them there.
   */
  async create(predictions: readonly Prediction[]): Promise<CreateOutcome[]> {
    const [first] = predictions
    if (!first) return []
    const tag = tagOfId(first.id)
    const positions = await runScriptInOrder<number[]>(
      this.redis,
      scripts.create,
      [
        this.keys.open(tag, first.version),
        this.keys.counts(tag, first.version),
        this.keys.due(tag),
        ...predictions.map(({ id }) => this.keys.record(id)),
      ],
      predictions.flatMap((prediction) => {
        const fields = encodeRecord(prediction)
        return [prediction.id, prediction.createdAt, firstDueAt(prediction) ?? '', fields.length, ...fields]
      }),
    )
    return positions.map((queuePosition) =>
      queuePosition === -1 ? { kind: 'exists' } : { kind: 'created', queuePosition },
    )
  }

  /** Status, input and output in one atomic read; null when there is no such record. */
  async read(id: PredictionId): Promise<Prediction | null> {
    const fields = await this.redis.hgetall(this.keys.record(id))
    return Object.keys(fields).length === 0 ? null : decodeRecord(id, fields)
  }

  /** Where the payload store keeps what belongs to the record; nothing where there is no record. */
  async payloadKeys(id: PredictionId): Promise<string[]> {
    const keys = await this.redis.hmget(this.keys.record(id), 'input_key', 'output_key')
    return keys.filter((key) => key !== null)
  }

  async readMany(ids: readonly PredictionId[]): Promise<(Prediction | null)[]> {
    return Promise.all(ids.map((id) => this.read(id)))
  }

  /** Claims predictions of one model, all in one step; with `version`, only those of that version. */
  async claim(claims: readonly Claim[], nowMs: number, version?: VersionId): Promise<ClaimOutcome[]> {
    const outcomes = await runScript<ClaimReply[]>(
      this.redis,
      scripts.claim,
      claims.map(({ id }) => this.keys.record(id)),
      [nowMs, version ?? '', ...claims.flatMap(({ epoch, token }) => [epoch, token])],
    )
    return claims.map((claim, i) => claimOutcome(claim, nowMs, outcomes[i] ?? ['missing']))
  }

  /** Ends predictions of one version. Each needs the token that its record holds now. */
  async finish(tag: ModelTag, version: VersionId, finishes: readonly Finish[]): Promise<FinishOutcome[]> {
    const calls = splitFinishes(finishes)
    if (calls.length <= 1) return this.finishAtOnce(tag, version, finishes)
    return (await Promise.all(calls.map((some) => this.finishAtOnce(tag, version, some)))).flat()
  }

  private async finishAtOnce(
    tag: ModelTag,
    version: VersionId,
    finishes: readonly Finish[],
  ): Promise<FinishOutcome[]> {
    return runScript<FinishOutcome[]>(
      this.redis,
      scripts.finish,
      [
        this.keys.open(tag, version),
        this.keys.counts(tag, version),
        this.keys.retained(tag),
        this.keys.outbox(tag),
        this.keys.due(tag),
        ...finishes.flatMap(({ prediction, deliveries, outcome }) => [
          this.keys.record(prediction.id),
          ...deliveries.map(({ id }) => this.keys.delivery(tag, id)),
          ...(outcome ? this.armKeys(tag, outcome) : []),
        ]),
      ],
      [
        this.keys.endedChannelPrefix,
        this.keys.canceledChannel(tag),
        this.recordRetentionMs,
        ...finishes.flatMap(finishArguments),
      ],
    )
  }

  private armKeys(tag: ModelTag, { id, arm }: ArmOutcome): string[] {
    return [this.keys.arm(tag, id, arm), this.keys.armRecent(tag, id, arm)]
  }

  /** Charges a prediction whose runner died while it ran alone. Returns its charges, 0 when it was claimed again. */
  async charge(id: PredictionId, token: string): Promise<number> {
    return runScript<number>(this.redis, scripts.charge, [this.keys.record(id)], [token])
  }

  /** Invalidates the queue job of an open prediction. False when there is nothing to invalidate. */
  async advanceEpoch(id: PredictionId, seen: number): Promise<boolean> {
    return (await runScript<number>(this.redis, scripts.advanceEpoch, [this.keys.record(id)], [seen])) === 1
  }

  /** How many open predictions of its version were submitted before this one; null once it ended. */
  async queuePosition({ id, version }: Pick<Prediction, 'id' | 'version'>): Promise<number | null> {
    return this.redis.zrank(this.keys.open(tagOfId(id), version), id)
  }

  /** Open predictions created in the given span of time with their creation times, oldest first. */
  async openBetween(
    tag: ModelTag,
    version: VersionId,
    afterMs: number,
    untilMs: number,
    limit: number,
  ): Promise<[PredictionId, number][]> {
    const key = this.keys.open(tag, version)
    return scored(
      await this.redis.zrangebyscore(key, `(${afterMs}`, untilMs, 'WITHSCORES', 'LIMIT', 0, limit),
    )
  }

  /** Predictions as `readMany` has them, but for everything that grows with input, output or run. */
  async readOutlines(ids: readonly PredictionId[]): Promise<(Prediction | null)[]> {
    return Promise.all(
      ids.map(async (id) => {
        const [request, status] = await this.redis.hmget(this.keys.record(id), 'request', 'status')
        return request == null || status == null ? null : decodeRecord(id, { request, status })
      }),
    )
  }

  /** What the queue needs to know of predictions, without their inputs; null where there is no record. */
  async readHeads(ids: readonly PredictionId[]): Promise<(PredictionHead | null)[]> {
    return Promise.all(
      ids.map(async (id) => {
        const fields = await this.redis.hmget(this.keys.record(id), 'status', 'epoch', 'request')
        return decodeHead(id, fields)
      }),
    )
  }

  /** Counters and the open index, read in one step so that they can be compared. */
  async counts(
    tag: ModelTag,
    version: VersionId,
  ): Promise<Counts & { open: number; oldestOpenAt: number | null }> {
    const replies = await this.redis
      .multi()
      .hgetall(this.keys.counts(tag, version))
      .zcard(this.keys.open(tag, version))
      .zrange(this.keys.open(tag, version), '0', '0', 'WITHSCORES')
      .exec()
    const [counts, open, oldest] = (replies ?? []).map(([, reply]) => reply)
    const { accepted, succeeded, failed, canceled } = (counts ?? {}) as RecordOfCounts
    return {
      accepted: Number(accepted ?? 0),
      succeeded: Number(succeeded ?? 0),
      failed: Number(failed ?? 0),
      canceled: Number(canceled ?? 0),
      open: Number(open ?? 0),
      oldestOpenAt: Array.isArray(oldest) && oldest.length > 1 ? Number(oldest[1]) : null,
    }
  }

  /** How many of a version were run to an end. */
  async ran(tag: ModelTag, version: VersionId): Promise<number> {
    const counts = await this.redis.hmget(this.keys.counts(tag, version), 'succeeded', 'failed')
    return counts.reduce((sum, count) => sum + Number(count ?? 0), 0)
  }

  /** Predictions that had an end in time until then and may still be open, the first ones due first. */
  async dueUntil(tag: ModelTag, untilMs: number, limit: number): Promise<PredictionId[]> {
    return this.redis.zrangebyscore(this.keys.due(tag), '-inf', untilMs, 'LIMIT', 0, limit)
  }

  /** Has predictions of one model looked at again, each at its time; never again where that is null. */
  async setDue(tag: ModelTag, times: readonly (readonly [PredictionId, number | null])[]): Promise<void> {
    const key = this.keys.due(tag)
    const gone = times.flatMap(([id, dueAt]) => (dueAt === null ? [id] : []))
    const later = times.flatMap(([id, dueAt]) => (dueAt === null ? [] : [dueAt, id]))
    await Promise.all([
      gone.length > 0 ? this.redis.zrem(key, ...gone) : undefined,
      // Only what is still there: one that has ended since it was read stays out.
      later.length > 0 ? this.redis.zadd(key, 'XX', ...later) : undefined,
    ])
  }

  /** Ended predictions whose data was due before that time, oldest first. */
  async retainedUntil(tag: ModelTag, endedBeforeMs: number, limit: number): Promise<PredictionId[]> {
    return this.redis.zrangebyscore(this.keys.retained(tag), '-inf', `(${endedBeforeMs}`, 'LIMIT', 0, limit)
  }

  /** Removes input and output of ended predictions. Returns the payload keys that are now to be deleted. */
  async removeData(tag: ModelTag, ids: readonly PredictionId[]): Promise<string[]> {
    const keys = [this.keys.retained(tag), ...ids.map((id) => this.keys.record(id))]
    return runScript<string[]>(this.redis, scripts.removeData, keys, ids)
  }

  /** Where the payload store keeps what its deliveries are to carry. */
  async bodyKeys(id: PredictionId): Promise<string[]> {
    const deliveries = webhookEvents.map((event) => this.keys.delivery(tagOfId(id), deliveryId(id, event)))
    const keys = await Promise.all(deliveries.map((key) => this.redis.hget(key, 'body_key')))
    return keys.filter((key) => key !== null)
  }

  /** Removes an ended prediction and every delivery that tells of it. */
  async delete({ id }: Pick<Prediction, 'id'>): Promise<DeleteOutcome> {
    const tag = tagOfId(id)
    const deliveries = webhookEvents.map((event) => deliveryId(id, event))
    const indexes = [this.keys.retained(tag), this.keys.outbox(tag), this.keys.due(tag)]
    const keys = deliveries.map((delivery) => this.keys.delivery(tag, delivery))
    return runScript<DeleteOutcome>(
      this.redis,
      scripts.delete,
      [this.keys.record(id), ...indexes, ...keys],
      [id, ...deliveries],
    )
  }
}

type RecordOfCounts = Partial<Record<keyof Counts, string>>

type ClaimReply =
  | ['ended' | 'stale' | 'missing' | 'expired']
  | ['claimed', request: string, input: string | null, inputKey: string | null, attempt: number]

function claimOutcome({ id, epoch, token }: Claim, nowMs: number, reply: ClaimReply): ClaimOutcome {
  if (reply[0] !== 'claimed') return { kind: reply[0] }
  const [kind, request, input, inputKey, attempt] = reply
  const fields: RecordFields = {
    request,
    status: 'processing',
    epoch: String(epoch),
    token,
    started_at: String(nowMs),
    attempt: String(attempt),
  }
  if (input !== null) fields.input = input
  if (inputKey !== null) fields.input_key = inputKey
  return { kind, prediction: decodeRecord(id, fields) }
}

function finishArguments({ prediction, ending, deliveries, outcome }: Finish): (string | number)[] {
  const { output } = ending
  return [
    prediction.id,
    prediction.token,
    ending.status,
    ending.completedAt,
    output === null ? '' : output.kind === 'inline' ? 'output' : 'output_key',
    output === null ? '' : output.kind === 'inline' ? output.json : output.key,
    ending.error ?? '',
    ending.errorCode ?? '',
    ending.provenance ?? '',
    ending.logs ?? '',
    deliveries.length,
    outcome ? '1' : '',
    ...deliveries.flatMap((delivery) => {
      const { id, tenant, url, after, sharedJob } = delivery
      return [id, tenant, url, ...bodyField(delivery), after ?? '', sharedJob ?? '']
    }),
    ...(outcome ? encodeOutcome(outcome) : []),
  ]
}
