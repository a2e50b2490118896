/** A webhook, as the server tells of it. */
export interface Delivery {
  id: string
  event: string
  /** The prediction or the batch that it tells of. */
  source: string
  webhook: string
  state: string
  created_at: string
  /** What keeps it from being tried at all, on the server's side. */
  held_by: string | null
  attempts_made: number
  attempts: { outcome: string; status: number | null; reason: string | null; duration_ms: number }[]
}
