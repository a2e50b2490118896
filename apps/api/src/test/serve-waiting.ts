import { repeat } from '@augur/core/repeat'
import { testVersion } from '@augur/test-support/test-context'
import type { TestApi } from './test-api.js'

const tensors = '{"y":{"datatype":"FP32","shape":[1,3],"data":[2,4,6]}}'

/** A worker that ends what callers wait for, and leaves everything else alone. */
export function serveWaiting({ core, work }: TestApi): { stop(): Promise<void> } {
  // A test leaves hundreds open for whom nobody waits: each of them is looked at once.
  const left = new Set<string>()
  const serve = async () => {
    const open = await core.predictions.openBetween(core.tag, testVersion.id, 0, Date.now(), 10_000)
    const ids = open.map(([id]) => id).filter((id) => !left.has(id))
    for (const prediction of await core.predictions.readMany(ids)) {
      if (prediction === null) continue
      left.add(prediction.id)
      if (prediction.class !== 'waiting') continue
      const isTensors = prediction.form === 'tensors'
      await work(prediction.id, isTensors ? { output: { kind: 'inline', json: tensors } } : {})
    }
  }
  // What is not ended shows as an answer that does not come.
  return repeat(serve, 10, () => {})
}
