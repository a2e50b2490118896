/** A key that nobody has used. */
export function newIdempotencyKey(): string {
  // `randomUUID` is missing on pages that came over plain http.
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
