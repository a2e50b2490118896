import { createHash, randomFillSync } from 'node:crypto'

/** 128 random bits, a creation time and the model's tag: `<10 time><8 tag><26 random>`, lower-case base32. */
export type PredictionId = string
/** Like a prediction's id, for many inputs that were submitted together. */
export type BatchId = string
/** Like a prediction's id, for a repetition of many on another version. */
export type ReplayId = string
/** 128 random bits and a creation time: `<10 time><26 random>`, lower-case base32. */
export type FileId = string
/** Names the Redis Cluster slot under which everything of one model lives. */
export type ModelTag = string

// Crockford's alphabet: digits before letters, so that ids sort as their times do.
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const timeLength = 10
const tagLength = 8
const randomLength = 26
const idPattern = new RegExp(`^[${alphabet}]{${timeLength + tagLength + randomLength}}$`)

const fileIdPattern = new RegExp(`^[${alphabet}]{${timeLength + randomLength}}$`)

function encodeNumber(value: number, length: number): string {
  let text = ''
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32))
    text = alphabet.charAt(rest % 32) + text
  return text
}

function encodeBytes(bytes: Uint8Array, length: number): string {
  let text = ''
  let bits = 0
  let buffered = 0
  for (const byte of bytes) {
    buffered = (buffered << 8) | byte
    bits += 8
    for (; bits >= 5; bits -= 5) text += alphabet.charAt((buffered >>> (bits - 5)) & 31)
    buffered &= (1 << bits) - 1
  }
  if (bits > 0) text += alphabet.charAt((buffered << (5 - bits)) & 31)
  return text.slice(0, length)
}

// Asking the system for a few bytes costs as much as asking for many.
const randomPool = Buffer.alloc(4096)
let poolUsed = randomPool.length

function randomBytes(size: number): Uint8Array {
  if (poolUsed + size > randomPool.length) {
    randomFillSync(randomPool)
    poolUsed = 0
  }
  poolUsed += size
  return randomPool.subarray(poolUsed - size, poolUsed)
}

const knownTags = new Map<string, ModelTag>()

/** The tag of `owner/name`. Two models may share one: they then merely share a slot. */
export function modelTag(model: string): ModelTag {
  const known = knownTags.get(model)
  if (known !== undefined) return known
  const tag = encodeBytes(createHash('sha256').update(model).digest(), tagLength)
  knownTags.set(model, tag)
  return tag
}

export function newPredictionId(tag: ModelTag, nowMs: number): PredictionId {
  return timePrefix(nowMs) + tag + encodeBytes(randomBytes(17), randomLength)
}

/** Of the same form: the tag says where its record lives. */
export function newBatchId(tag: ModelTag, nowMs: number): BatchId {
  return newPredictionId(tag, nowMs)
}

/** Of the same form, and the same for the same event whoever makes it. */
export function eventId(tag: ModelTag, atMs: number, event: string): PredictionId {
  return timePrefix(atMs) + tag + encodeBytes(createHash('sha256').update(event).digest(), randomLength)
}

/** Of the same form as well. */
export function newReplayId(tag: ModelTag, nowMs: number): ReplayId {
  return newPredictionId(tag, nowMs)
}

export function newFileId(nowMs: number): FileId {
  return timePrefix(nowMs) + encodeBytes(randomBytes(17), randomLength)
}

export function isFileId(text: string): boolean {
  return fileIdPattern.test(text)
}

/** What every id made at that millisecond begins with; ids compare to it as their times do. */
export function timePrefix(timeMs: number): string {
  return encodeNumber(timeMs, timeLength)
}

export function isPredictionId(text: string): boolean {
  return idPattern.test(text)
}

export function tagOfId(id: PredictionId): ModelTag {
  return id.slice(timeLength, timeLength + tagLength)
}

/** Milliseconds since 1970 at which the id was made. */
export function timeOfId(id: PredictionId): number {
  let time = 0
  for (const char of id.slice(0, timeLength)) time = time * 32 + alphabet.indexOf(char)
  return time
}

/** An unguessable word for tokens and owners of leases. */
export function randomToken(): string {
  return encodeBytes(randomBytes(16), randomLength)
}
