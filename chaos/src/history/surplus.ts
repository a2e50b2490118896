interface Held {
  descriptors: number
  children: number
}

/** Room for what is held at rest: a spare connection, a file of a module that was loaded late. */
const spareDescriptors = 8

/** What a process holds beyond what it held when it was fresh; nothing when it gave back what it took. */
export function surplus(fresh: Held, now: Held): string[] {
  const faults: string[] = []
  if (now.descriptors > fresh.descriptors * 1.1 + spareDescriptors)
    faults.push(`holds ${now.descriptors} descriptors, ${fresh.descriptors} at first`)
  if (now.children > fresh.children) faults.push(`has ${now.children} children, ${fresh.children} at first`)
  return faults
}
