type Listener = () => void

/** Whose turn it is in a runner. Of those who wait for one, whoever had the last one longest ago is told first. */
export class Turns {
  private taken = 0
  private readonly listeners = new Set<Listener>()

  get isFree(): boolean {
    return this.taken === 0
  }

  /** Whether more than one joined. */
  get isShared(): boolean {
    return this.listeners.size > 1
  }

  /** From now on `onFree` is called whenever a turn ends. */
  join(onFree: Listener): void {
    this.listeners.add(onFree)
  }

  leave(onFree: Listener): void {
    this.listeners.delete(onFree)
  }

  /** Takes a turn for one that joined. Gives the function that ends it, once. */
  take(onFree: Listener): () => void {
    if (this.listeners.delete(onFree)) this.listeners.add(onFree)
    this.taken++
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      if (--this.taken > 0) return
      // Whoever takes a turn now moves to the end of the list.
      const inOrder = [...this.listeners]
      for (const listener of inOrder) listener()
    }
  }
}
