import { predictionClasses } from '../predictions/prediction.js'
import type { PredictionHead } from '../predictions/prediction-record.js'
import type { QueueTarget } from '../queue/prediction-queues.js'
import type { ReconcileContext } from './reconcile-model.js'

const pageSize = 500

/** So many of a class at a time go ahead of their turn, so that a long queue does not push everybody else back. */
const mostAhead = 16

/** Moves predictions that have waited for too long to the front of their class, the oldest first. Returns how many. */
export async function moveAged(context: ReconcileContext, target: QueueTarget): Promise<number> {
  const { predictions, queues, tag } = context
  const untilMs = context.now() - context.ageingMs
  const page = await predictions.openBetween(tag, target.version, 0, untilMs, pageSize)
  const found = await predictions.readHeads(page.map(([id]) => id))
  const heads = found.filter((head) => head !== null)
  const turns = await queues.turns(target, heads)
  const waiting = heads.flatMap((head, i) => {
    const turn = turns[i]
    return turn == null ? [] : [{ head, turn }]
  })
  let moved = 0
  for (const name of predictionClasses) {
    const ofClass = waiting.filter(({ head }) => head.class === name)
    if (ofClass.length === 0) continue
    const front = await queues.frontTurn(target, name)
    const behind = ofClass.filter(({ turn }) => turn > front).map(({ head }) => head)
    const ahead = ofClass.length - behind.length
    moved += await moveAll(context, target, behind.slice(0, Math.max(0, mostAhead - ahead)))
  }
  return moved
}

async function moveAll(
  { queues }: ReconcileContext,
  target: QueueTarget,
  heads: readonly PredictionHead[],
): Promise<number> {
  for (const head of heads) await queues.moveToFront(target, head)
  return heads.length
}
