import { expect, test } from 'vitest'
import { newFileId } from '../ids.js'
import { parseFileUrl } from './file-url.js'

const id = newFileId(Date.now())

test.each([
  [`http://localhost:8000/api/v1/files/${id}`, false],
  [`https://augur.example/some/where/api/v1/files/${id}`, false],
  [`https://augur.example/api/v1/files/${id}/download`, false],
  [`https://augur.example/api/v1/files/${id}/download?ticket=a.1.b`, true],
  [`https://augur.example/api/v1/files/${id}?x=1&ticket=a`, true],
])('%s is the URL of a file', (url, hasTicket) => {
  expect(parseFileUrl(url)).toEqual({ id, hasTicket })
})

test.each([
  `https://augur.example/api/v1/files/${id}/other`,
  `https://augur.example/api/v1/files/${id}x`,
  `https://augur.example/api/v1/files/`,
  `https://augur.example/api/v1/predictions/${id}`,
  `https://augur.example/x?url=/api/v1/files/${id}`,
  `https://augur.example/x#/api/v1/files/${id}`,
  `https:///api/v1/files/${id}`,
  `ftp://augur.example/api/v1/files/${id}`,
  `/api/v1/files/${id}`,
])('%s is not', (url) => {
  expect(parseFileUrl(url)).toBeNull()
})
