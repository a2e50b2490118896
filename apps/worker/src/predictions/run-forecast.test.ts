import { expect, test, vi } from 'vitest'
import { RunForecast } from './run-forecast.js'

function forecastAt(clock: { now: number }, onEndingSoon = () => {}): RunForecast {
  return new RunForecast({ leadMs: 50, onEndingSoon, now: () => clock.now })
}

/** Has the forecast see a run of that length. */
function observe(forecast: RunForecast, clock: { now: number }, ms: number): void {
  const end = forecast.begin()
  clock.now += ms
  end()
}

test('before any run has ended none is expected to end', () => {
  const forecast = forecastAt({ now: 0 })
  forecast.begin()
  expect([forecast.endingSoon, forecast.areRunsShort]).toEqual([0, false])
})

test('a long run ends soon only shortly before its usual time, and no more when it is long overdue', () => {
  const clock = { now: 0 }
  const forecast = forecastAt(clock)
  observe(forecast, clock, 200)
  const end = forecast.begin()
  const seen = [0, 149, 1, 50, 200, 1].map((ms) => {
    clock.now += ms
    return forecast.endingSoon
  })
  expect(seen).toEqual([0, 0, 1, 1, 1, 0])
  end()
  expect(forecast.endingSoon).toBe(0)
})

test('each of several short runs ends soon from its beginning', () => {
  const clock = { now: 0 }
  const forecast = forecastAt(clock)
  observe(forecast, clock, 10)
  forecast.begin()
  forecast.begin()
  expect([forecast.endingSoon, forecast.areRunsShort]).toEqual([2, true])
})

test('what is usual follows what runs take', () => {
  const clock = { now: 0 }
  const forecast = forecastAt(clock)
  for (let i = 0; i < 20; i++) observe(forecast, clock, 10)
  for (let i = 0; i < 20; i++) observe(forecast, clock, 1000)
  forecast.begin()
  clock.now += 900
  expect([forecast.endingSoon, forecast.areRunsShort]).toEqual([0, false])
  clock.now += 60
  expect(forecast.endingSoon).toBe(1)
})

test('it is told when a long run is about to end, and not after one that ended early', () => {
  vi.useFakeTimers()
  const clock = { now: 0 }
  const told = vi.fn<() => void>()
  const forecast = forecastAt(clock, told)
  observe(forecast, clock, 200)
  observe(forecast, clock, 200)
  vi.advanceTimersByTime(1000)
  expect(told).not.toHaveBeenCalled()
  const end = forecast.begin()
  vi.advanceTimersByTime(151)
  expect(told).toHaveBeenCalledOnce()
  end()
  vi.useRealTimers()
})
