/** What is wrong with a value, and where in it. */
export interface Fault {
  path: (string | number)[]
  /** Ends a sentence that starts with the place. It never holds the value. */
  message: string
}
