import type { Created } from '@augur/core/predictions/create-prediction'
import type { Context } from 'hono'
import type { ApiEnv } from '../api-app.js'
import type { CallerContext } from '../as-caller.js'
import { holdCreated } from '../hold.js'
import { jsonResponse } from '../json-response.js'
import type { Hold } from './prefer-header.js'
import { baseUrlOf, presentPrediction } from './present.js'
import { presentCreated } from './present-created.js'

/** Answers 201 with what was created, or 202 when the caller wanted to wait for its end and the time ran out. */
export async function answerCreated(
  context: CallerContext,
  c: Context<ApiEnv>,
  created: Created,
  hold: Hold,
): Promise<Response> {
  const { prediction, replayed } = created
  const baseUrl = baseUrlOf(context, c)
  const headers = {
    location: `${baseUrl}/predictions/${prediction.id}`,
    ...(replayed && { 'idempotency-replayed': 'true' }),
    ...(hold && { 'preference-applied': hold.applied }),
  }
  if (hold === null) {
    return jsonResponse(c, await presentPrediction(context, prediction, baseUrl, created), 201, headers)
  }
  const held = await holdCreated(context, c, prediction, hold.seconds)
  const { text, hasEnded } = await presentCreated(context, created, held, baseUrl)
  return jsonResponse(c, text, hasEnded ? 201 : 202, headers)
}
