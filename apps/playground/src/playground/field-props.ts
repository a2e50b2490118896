import type { Field } from './input-fields.js'

/** What every kind of field gets. */
export interface FieldProps {
  id: string
  /** Ids of the texts about it. */
  describedBy: string
  field: Field
  /** Undefined where nothing was entered. */
  value: unknown
  onChange(value: unknown): void
}
