/** As much as it takes to tell what an image is. */
const startBytes = 12

/** The base64 of an image: all of the text, or what a data URI holds. Undefined where that is no base64. */
export function base64Of(text: string): string | undefined {
  if (!text.startsWith('data:')) return text
  const comma = text.indexOf(',')
  return text.slice(0, Math.max(comma, 0)).endsWith(';base64') ? text.slice(comma + 1) : undefined
}

/** PNG, JPEG or WebP by the first bytes, whatever type the sender claims. */
function isWebImage(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, startBytes)
  return (
    start.startsWith('\x89PNG\r\n\x1a\n') || start.startsWith('\xff\xd8\xff') || /^RIFF[^]{4}WEBP/.test(start)
  )
}

/** What keeps a text from being an image, as far as its beginning tells. */
export function findImageProblem(text: string): string | undefined {
  const base64 = base64Of(text)
  if (base64 === undefined) return 'must be encoded as base64'
  const isImage = isWebImage(Buffer.from(base64.slice(0, 2 * startBytes), 'base64'))
  return isImage ? undefined : 'must be a PNG, JPEG or WebP, as a data URI or base64'
}
