/** What became of an attempt, as far as its receiver's health goes. */
export type ReceiverOutcome = 'answered' | 'struggling' | 'neither'

export type Entry = { kind: 'go'; leave(outcome: ReceiverOutcome): void } | { kind: 'later'; delayMs: number }

interface ReceiversOptions {
  /** Attempts of this process that may be under way at a time. */
  slots: number
  /** Of these, how many may go to one receiver. */
  perReceiver: number
  /** How long a receiver that only fails is left alone at first; 0: never. */
  pauseMs: number
  now(): number
  /** At least 0, below 1. */
  random?: () => number
}

interface Receiver {
  /** How many attempts may be under way: grows with each answer, halves with each failure. */
  limit: number
  inFlight: number
  /** In a row. */
  failures: number
  hasAnswered: boolean
  pausedUntil: number
  /** Usual length of an attempt. */
  durationMs: number
  /** When an attempt ended, or the first of those under way began. */
  progressAt: number
  /** When the next attempt that had to be put off has its turn. */
  nextTurnAt: number
  waiters: Set<(isFree: boolean) => void>
}

const limitAtFirst = 4
const failuresUntilPause = 10
const longestPauses = 10
/** A turn that comes this soon is waited for in place: putting off and fetching again would take longer. */
const shortWaitMs = 250
const longestPutOffMs = 30_000
const mostRemembered = 10_000

/**
 * Shares a process's attempts among receivers, so that one which is slow or dead takes neither slots nor time from
 * others: each has a bound that adapts to how it answers, those that do not answer share half of the slots, and one
 * that failed ten times in a row is left alone for a while and then tried with one attempt at a time.
 */
export class Receivers {
  private readonly receivers = new Map<string, Receiver>()
  /** Attempts under way to receivers whose last one was not answered. */
  private doubtful = 0

  constructor(private readonly options: ReceiversOptions) {}

  /** How long the receiver is left alone still; 0 when it is not. */
  pausedMs(name: string): number {
    const receiver = this.receivers.get(name)
    return receiver === undefined ? 0 : this.pauseLeft(receiver)
  }

  /** Takes a slot for one attempt, if need be after a short wait, or says when to come again. */
  async enter(name: string): Promise<Entry> {
    const receiver = this.receiverNamed(name)
    const pausedMs = this.pauseLeft(receiver)
    if (pausedMs > 0) return { kind: 'later', delayMs: pausedMs }
    if (this.hasRoom(receiver) || (await this.isSoonFree(receiver))) return this.begin(receiver)
    return { kind: 'later', delayMs: Math.max(shortWaitMs, this.turnOf(receiver)) }
  }

  /** Waits in place for one that answers quickly. Whether there is room then. */
  private async isSoonFree(receiver: Receiver): Promise<boolean> {
    const isQuick = this.turnMs(receiver) < shortWaitMs && receiver.nextTurnAt <= this.options.now()
    if (!isQuick || receiver.inFlight < receiver.limit) return false
    return (await waitForRoom(receiver)) && this.hasRoom(receiver)
  }

  private begin(receiver: Receiver): Entry {
    const startedAt = this.options.now()
    const isDoubtful = !receiver.hasAnswered
    if (receiver.inFlight === 0) receiver.progressAt = startedAt
    receiver.inFlight += 1
    if (isDoubtful) this.doubtful += 1
    const leave = (outcome: ReceiverOutcome) => {
      receiver.inFlight -= 1
      receiver.progressAt = this.options.now()
      if (isDoubtful) this.doubtful -= 1
      this.learn(receiver, outcome, this.options.now() - startedAt)
      wake(receiver)
    }
    return { kind: 'go', leave }
  }

  private hasRoom(receiver: Receiver): boolean {
    if (receiver.inFlight >= receiver.limit) return false
    return receiver.hasAnswered || this.doubtful < Math.max(1, this.options.slots / 2)
  }

  private learn(receiver: Receiver, outcome: ReceiverOutcome, durationMs: number): void {
    receiver.durationMs = 0.8 * receiver.durationMs + 0.2 * durationMs
    if (outcome === 'neither') return
    receiver.hasAnswered = outcome === 'answered'
    if (outcome === 'answered') {
      receiver.failures = 0
      receiver.limit = Math.min(this.options.perReceiver, receiver.limit + 1)
    } else {
      receiver.failures += 1
      receiver.limit = Math.max(1, Math.floor(receiver.limit / 2))
      this.pause(receiver)
    }
  }

  private pause(receiver: Receiver): void {
    const { pauseMs, now, random = Math.random } = this.options
    const excess = receiver.failures - failuresUntilPause
    if (excess < 0 || pauseMs === 0) return
    const lengthMs = pauseMs * Math.min(longestPauses, 2 ** excess) * (0.8 + 0.4 * random())
    receiver.limit = 1
    receiver.pausedUntil = Math.max(receiver.pausedUntil, now() + lengthMs)
    for (const waiter of receiver.waiters) waiter(false)
  }

  /** Those that come while it is left alone come back spread over a while, not all at once. */
  private pauseLeft(receiver: Receiver): number {
    const leftMs = receiver.pausedUntil - this.options.now()
    return leftMs <= 0
      ? 0
      : leftMs + (this.options.random ?? Math.random)() * Math.min(leftMs, longestPutOffMs)
  }

  private turnOf(receiver: Receiver): number {
    const now = this.options.now()
    const turnAt = Math.max(now, receiver.nextTurnAt) + this.turnMs(receiver)
    receiver.nextTurnAt = Math.min(turnAt, now + longestPutOffMs)
    return receiver.nextTurnAt - now
  }

  /** How often one gets its turn: as usual, or as seldom as it looks while nothing comes to an end. */
  private turnMs({ durationMs, inFlight, progressAt, limit }: Receiver): number {
    const silentMs = inFlight > 0 ? this.options.now() - progressAt : 0
    return Math.max(durationMs, silentMs) / limit
  }

  private receiverNamed(name: string): Receiver {
    const known = this.receivers.get(name)
    if (known !== undefined) return known
    if (this.receivers.size >= mostRemembered) this.forgetOne()
    const receiver: Receiver = {
      limit: Math.min(limitAtFirst, this.options.perReceiver),
      inFlight: 0,
      failures: 0,
      hasAnswered: false,
      pausedUntil: 0,
      durationMs: 0,
      progressAt: 0,
      nextTurnAt: 0,
      waiters: new Set(),
    }
    this.receivers.set(name, receiver)
    return receiver
  }

  private forgetOne(): void {
    for (const [name, { inFlight, waiters, pausedUntil }] of this.receivers) {
      if (inFlight > 0 || waiters.size > 0 || pausedUntil > this.options.now()) continue
      this.receivers.delete(name)
      return
    }
  }
}

/** Whether an attempt ended within a short while. */
function waitForRoom(receiver: Receiver): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isFree: boolean) => {
      clearTimeout(timer)
      receiver.waiters.delete(settle)
      resolve(isFree)
    }
    const timer = setTimeout(() => settle(false), shortWaitMs)
    receiver.waiters.add(settle)
  })
}

function wake({ waiters, limit, inFlight }: Receiver): void {
  let free = limit - inFlight
  for (const waiter of waiters) {
    if (free-- <= 0) return
    waiter(true)
  }
}
