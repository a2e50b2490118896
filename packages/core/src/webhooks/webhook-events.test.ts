import { expect, it } from 'vitest'
import { defaultWebhookEvents, isWebhookEvent, webhookEvents } from './webhook-events.js'

it('sends all four events without a filter', () => {
  expect(defaultWebhookEvents).toEqual(['start', 'output', 'logs', 'completed'])
})

it('knows its own events and nothing else', () => {
  expect(webhookEvents.every(isWebhookEvent)).toBe(true)
  expect(['', 'Start', 'toString', 'completed '].some(isWebhookEvent)).toBe(false)
})
