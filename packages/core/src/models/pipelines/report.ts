/** Tells of one fault of a manifest: where it stands, and what is wrong there. */
export type Report = (path: (string | number)[], message: string) => void
