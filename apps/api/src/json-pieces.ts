import type { Payloads } from '@augur/core/payloads/payloads'
import type { JsonText, Payload } from '@augur/core/predictions/prediction'
import type { Context } from 'hono'
import type { ApiEnv } from './api-app.js'
import type { ApiContext } from './context.js'
import { chunksOf, jsonHeaders, jsonResponse, largeBytes } from './json-response.js'

/** JSON text that the payload store keeps. */
export interface StoredJson {
  payload: Payload
  bytes: number
}

/** Part of an answer. What is stored is read as the answer leaves: those who take it slowly hold none of it in memory. */
export type JsonPiece = JsonText | StoredJson

/** A payload as part of an answer; `null` where retention has removed it. */
export async function pieceOf(payloads: Payloads, payload: Payload | null): Promise<JsonPiece> {
  if (payload === null) return 'null'
  if (payload.kind === 'inline') return payload.json
  const bytes = await payloads.sizeBytes(payload)
  return bytes === 0 ? 'null' : { payload, bytes }
}

export function bytesOf(pieces: readonly JsonPiece[]): number {
  return pieces.reduce(
    (sum, piece) => sum + (typeof piece === 'string' ? Buffer.byteLength(piece) : piece.bytes),
    0,
  )
}

/** Answers with pieces of JSON, one after the other. */
export async function answerPieces(
  { payloads, logger }: Pick<ApiContext, 'payloads' | 'logger'>,
  c: Context<ApiEnv>,
  pieces: readonly JsonPiece[],
): Promise<Response> {
  const [only] = pieces
  if (pieces.length === 1 && typeof only === 'string') return jsonResponse(c, only)
  if (bytesOf(pieces) < largeBytes) return jsonResponse(c, await joined(payloads, pieces))
  const cut = (error: unknown) => {
    logger.warn(
      { err: error, request: c.get('requestId') },
      'an answer was cut off, for its payload could not be read',
    )
    c.env?.incoming?.socket.destroy?.()
  }
  const body = ReadableStream.from(untilError(readPieces(payloads, pieces), cut))
  // Without its length: an answer that tells it is held in memory for those who take it slowly.
  return new Response(body, { headers: jsonHeaders(c, {}) })
}

async function joined(payloads: Payloads, pieces: readonly JsonPiece[]): Promise<JsonText> {
  const textOf = async (piece: JsonPiece) =>
    typeof piece === 'string' ? piece : ((await payloads.read(piece.payload)) ?? 'null')
  return (await Promise.all(pieces.map(textOf))).join('')
}

async function* readPieces(
  payloads: Payloads,
  pieces: readonly JsonPiece[],
): AsyncGenerator<Uint8Array, void> {
  for (const piece of pieces) {
    if (typeof piece === 'string') yield* chunksOf(Buffer.from(piece))
    else yield* await openStored(payloads, piece)
  }
}

async function openStored(payloads: Payloads, { payload }: StoredJson): Promise<ReadableStream<Uint8Array>> {
  const content = await payloads.open(payload)
  if (content === null) throw new Error('the payload was removed while the answer was written')
  return content
}

/** Its status has left, so all that can be told by then is that it is not whole. */
async function* untilError<T>(
  items: AsyncIterable<T>,
  onError: (error: unknown) => void,
): AsyncGenerator<T, void> {
  try {
    yield* items
  } catch (error) {
    onError(error)
  }
}
