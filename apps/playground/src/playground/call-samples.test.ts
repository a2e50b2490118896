import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { sampleNames, sampleOf } from './call-samples.js'

const input = { text: 'it\'s "here" $HOME `true` null', isNew: true, missing: null, list: [1, 2.5] }
const facts = { origin: 'http://127.0.0.1:8000', version: 'augur/tickets:fp32', input, hasKey: true }

test('a shell hands the input of the sample over as it is', () => {
  const { code } = sampleOf('curl', facts)
  const body = code.slice(code.indexOf(' -d ') + 4)
  const heard = execFileSync('sh', ['-c', `printf %s ${body}`]).toString()
  expect(JSON.parse(heard)).toEqual({ version: facts.version, input })
})

test('the words of Python stand for those of JSON, and texts stay as they are', () => {
  const { code } = sampleOf('Python', facts)
  expect(code).toContain('"isNew": True')
  expect(code).toContain('"missing": None')
  expect(code).toContain('`true` null')
})

test('a key is named and never written down; without one none is asked for', () => {
  for (const name of sampleNames) {
    expect(sampleOf(name, facts).code).toContain('AUGUR_API_KEY')
    expect(sampleOf(name, { ...facts, hasKey: false }).code).not.toContain('AUGUR_API_KEY')
  }
})

test('long texts are cut where they are shown and whole where they are copied', () => {
  const image = `data:image/png;base64,${'A'.repeat(4000)}`
  for (const name of sampleNames) {
    const { code, shown } = sampleOf(name, { ...facts, input: { image } })
    expect(code).toContain(image)
    expect(shown.length).toBeLessThan(700)
  }
})
