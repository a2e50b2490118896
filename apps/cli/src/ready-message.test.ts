import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { exampleCommand } from './ready-message.js'

let modelsDir: string

beforeEach(() => {
  modelsDir = mkdtempSync(join(tmpdir(), 'augur-models-'))
})

afterEach(() => rmSync(modelsDir, { recursive: true, force: true }))

function addModel(name: string, manifest: object): void {
  mkdirSync(join(modelsDir, name, '1'), { recursive: true })
  writeFileSync(join(modelsDir, name, '1/manifest.json'), JSON.stringify(manifest))
}

test('the command to try sends the example of the digits, before that of any other model', () => {
  addModel('adder', { example: { x: 1 } })
  addModel('digits', { example: { pixels: [1] } })
  expect(exampleCommand('http://h', modelsDir, false)).toBe(
    `curl -s http://h/api/v1/predict -H 'Content-Type: application/json' -d '{"model":"augur/digits","input":{"pixels":[1]}}'`,
  )
})

test('an apostrophe in an example does not end the shell’s string', () => {
  addModel('words', { example: { text: "it's" } })
  expect(exampleCommand('http://h', modelsDir, false)).toContain(`"it'\\''s"`)
})

test('the key is named and never shown', () => {
  addModel('words', { example: { text: 'a' } })
  expect(exampleCommand('http://h', modelsDir, true)).toContain('"Authorization: Bearer $AUGUR_API_KEY"')
})

test('without a model that has an example there is no command', () => {
  addModel('plain', {})
  expect(exampleCommand('http://h', modelsDir, false)).toBeUndefined()
  expect(exampleCommand('http://h', join(modelsDir, 'missing'), false)).toBeUndefined()
})
