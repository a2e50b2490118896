import { expect, test } from 'vitest'
import { SplitRouter } from './split-router.js'

function routerOf(...paths: string[]) {
  const router = new SplitRouter<string>('/v2')
  for (const path of paths) router.add('GET', path, path)
  return (path: string) => router.match('GET', path)[0].map(([handler]) => handler)
}

test('what holds everywhere holds on either side, in the order it was added', () => {
  const match = routerOf('/*', '/a/:b', '/v2/*', '/v2/:a/ready')
  expect(match('/a/1')).toEqual(['/*', '/a/:b'])
  expect(match('/v2/x/ready')).toEqual(['/*', '/v2/*', '/v2/:a/ready'])
})

test('paths that only look alike stay outside', () => {
  const match = routerOf('/v2/:a', '/v20/:a', '/v2')
  expect(match('/v20/x')).toEqual(['/v20/:a'])
  expect(match('/v2')).toEqual(['/v2'])
})

test('ambiguous paths inside are found, whichever it is', () => {
  const match = routerOf('/v2/:name/ready', '/v2/:owner/:name')
  expect(match('/v2/a/ready')).toContain('/v2/:name/ready')
  expect(match('/v2/a/b')).toEqual(['/v2/:owner/:name'])
})

test('an ambiguous path outside is an error, and does not make all others slow in silence', () => {
  expect(() => routerOf('/:name/ready', '/:owner/:name')).toThrow('/:owner/:name')
})
