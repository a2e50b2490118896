/** What one look at a set-up found. `remedy` is a line to type or a thing to change. */
export interface Finding {
  state: 'ok' | 'warning' | 'problem' | 'skipped'
  /** What was looked at, in a word or two. */
  subject: string
  text: string
  remedy?: string
}

export const ok = (subject: string, text: string): Finding => ({ state: 'ok', subject, text })
export const skipped = (subject: string, text: string): Finding => ({ state: 'skipped', subject, text })
export const warning = (subject: string, text: string, remedy: string): Finding => ({
  state: 'warning',
  subject,
  text,
  remedy,
})
export const problem = (subject: string, text: string, remedy: string): Finding => ({
  state: 'problem',
  subject,
  text,
  remedy,
})
