export interface MicroBatcherOptions<T> {
  /** Most items in a batch. */
  maxSize: number
  /** Longest that an item waits for others, while others keep arriving. */
  maxDelayMs: number
  /** A batch became ready: time to `take`, if a consumer is idle. */
  onReady: () => void
  /** Items that left while they waited are skipped by `take`. */
  isGone?: (item: T) => boolean
}

interface Waiting<T> {
  item: T
  sinceMs: number
}

/** How much of the number of items that lately came together is expected to come together again. */
const expectedAgain = 0.75
/** Every so many batches it is tried whether more would come together; a try in vain doubles it up to the last. */
const tryEvery = { first: 2, last: 16 }

/**
 * Joins items that arrive close together. A batch is ready at once when it is full, after a quiet time, and when as
 * many have come as lately came together: who arrives alone goes alone. Else it waits for more, but never longer
 * than `maxDelayMs`. Consumers take when `onReady` is called and whenever they become idle.
 */
export class MicroBatcher<T> {
  private readonly waiting: Waiting<T>[] = []
  private lastArrivalMs = Number.NEGATIVE_INFINITY
  private expected = 1
  private isTrying = false
  private tryEvery = tryEvery.first
  private sinceTry = 0
  private ready = false
  private timer: NodeJS.Timeout | undefined

  constructor(private readonly options: MicroBatcherOptions<T>) {}

  /** Items that nobody took yet, gone ones included. */
  get size(): number {
    return this.waiting.length
  }

  /** Whether `take` would give a batch now. */
  get isReady(): boolean {
    return this.ready
  }

  /** Whether nobody else could join the batch that `take` would give now. */
  get isFull(): boolean {
    return this.waiting.length >= this.options.maxSize
  }

  add(item: T): void {
    const nowMs = performance.now()
    const isQuiet = nowMs - this.lastArrivalMs >= this.options.maxDelayMs
    this.lastArrivalMs = nowMs
    this.waiting.push({ item, sinceMs: nowMs })
    if (isQuiet || this.isComplete) this.becomeReady()
    else this.startClock(nowMs)
  }

  /** The next batch, oldest first: empty while it still waits for others. */
  take(): T[] {
    if (!this.ready) return []
    const wasComplete = this.isComplete
    const batch: T[] = []
    let looked = 0
    for (const { item } of this.waiting) {
      if (batch.length === this.options.maxSize) break
      if (!this.options.isGone?.(item)) batch.push(item)
      looked++
    }
    this.waiting.splice(0, looked)
    this.learn(batch.length, wasComplete)
    this.lookAtTheRest()
    return batch
  }

  /** Leaves an item out. Does nothing for one that was taken. */
  remove(item: T): void {
    const index = this.waiting.findIndex((waiting) => waiting.item === item)
    if (index !== -1) this.waiting.splice(index, 1)
    if (this.waiting.length === 0) this.reset()
  }

  private get isComplete(): boolean {
    return this.waiting.length >= Math.min(this.options.maxSize, this.expected)
  }

  /** Expects about as many next time, and now and then somewhat more: batches would only ever shrink otherwise. */
  private learn(size: number, wasComplete: boolean): void {
    if (!wasComplete) {
      this.expected = Math.max(1, size, Math.floor(this.expected * expectedAgain))
      if (this.isTrying) this.tryEvery = Math.min(2 * this.tryEvery, tryEvery.last)
      this.isTrying = false
      return
    }
    this.expected = Math.max(1, size)
    if (this.isTrying) this.tryEvery = tryEvery.first
    this.isTrying = size > 1 && ++this.sinceTry >= this.tryEvery
    if (!this.isTrying) return
    this.sinceTry = 0
    this.expected += Math.ceil(this.expected / 4)
  }

  private lookAtTheRest(): void {
    const nowMs = performance.now()
    const oldest = this.waiting[0]
    this.reset()
    if (!oldest) return
    this.ready = this.isComplete || nowMs - oldest.sinceMs >= this.options.maxDelayMs
    if (!this.ready) this.startClock(oldest.sinceMs)
  }

  private startClock(sinceMs: number): void {
    if (this.ready || this.timer) return
    const leftMs = sinceMs + this.options.maxDelayMs - performance.now()
    this.timer = setTimeout(() => this.becomeReady(), leftMs)
  }

  private becomeReady(): void {
    if (this.ready) return
    this.reset()
    this.ready = true
    this.options.onReady()
  }

  private reset(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.ready = false
  }
}
