// Loaded before a program of the product (`node --import`): its clock is off by so many milliseconds from then on.
const shiftMs = Number(process.env.CHAOS_CLOCK_MS ?? 0)
const trueNow = Date.now

Date.now = () => trueNow() + shiftMs
