export interface FetchPlacesOptions {
  /** Predictions of a version whose files are fetched at a time. */
  most: number
  /** Of those, the ones of one tenant, and the ones from one host. */
  mostAlike: number
}

/** Bounds what of a version is being fetched, so that a slow host keeps neither other tenants nor other hosts waiting. */
export class FetchPlaces {
  private taken = 0
  private readonly byName = new Map<string, number>()

  constructor(private readonly options: FetchPlacesOptions) {}

  get isFull(): boolean {
    return this.taken >= this.options.most
  }

  /** Gives what frees the place again; null where there is none for a tenant or a host of these names. */
  take(names: readonly string[]): (() => void) | null {
    const isTooMany = names.some((name) => (this.byName.get(name) ?? 0) >= this.options.mostAlike)
    if (this.isFull || isTooMany) return null
    this.add(names, 1)
    let isTaken = true
    return () => {
      if (isTaken) this.add(names, -1)
      isTaken = false
    }
  }

  private add(names: readonly string[], change: 1 | -1): void {
    this.taken += change
    for (const name of names) {
      const count = (this.byName.get(name) ?? 0) + change
      if (count === 0) this.byName.delete(name)
      else this.byName.set(name, count)
    }
  }
}
