const bits = new DataView(new ArrayBuffer(4))

/** The number that 16 bits of IEEE 754 half precision stand for. */
export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

/** The bits of the nearest half, ties to even; beyond its range, infinity. */
export function toHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (Number.isNaN(value)) return 0x7e00
  if (size >= 65_520) return sign | 0x7c00
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24)
  const exponent = exponentOf(size)
  // A fraction that rounds up to 2048 carries into the exponent by itself.
  return sign | (((exponent + 14) << 10) + roundToEven(size * 2 ** (10 - exponent)))
}

function exponentOf(size: number): number {
  bits.setFloat32(0, size)
  return ((bits.getUint32(0) >> 23) & 0xff) - 127
}

function roundToEven(value: number): number {
  const below = Math.floor(value)
  const rest = value - below
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below
}
