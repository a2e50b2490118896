import { accessRules } from '@augur/core/redis/access-rules'
import { Redis } from 'ioredis'
import type { TestRole } from './redis-url.js'

const password = 'a-password-of-tests'
/** What the prefixes of all tests begin with. */
const prefix = 'test-*'

const rulesOf: Record<TestRole, string[]> = {
  api: accessRules('api', prefix),
  worker: accessRules('worker', prefix),
  product: [...accessRules('api', prefix), '+bzpopmin'],
}

/** Makes the users of the product's roles, and gives the URL of each. */
export async function createTestUsers(url: string): Promise<Record<TestRole, string>> {
  const redis = new Redis(url)
  const urlOf = async (role: TestRole) => {
    await redis.call('ACL', 'SETUSER', `augur-${role}`, ...rulesOf[role], `>${password}`)
    return url.replace('//', `//augur-${role}:${password}@`)
  }
  try {
    return { api: await urlOf('api'), worker: await urlOf('worker'), product: await urlOf('product') }
  } finally {
    redis.disconnect()
  }
}

/** What these users were refused: nothing, where they may do what they need. */
export async function refusedCommands(url: string): Promise<string[]> {
  const redis = new Redis(url)
  try {
    const entries = await redis.call('ACL', 'LOG', '100')
    return Array.isArray(entries) ? entries.map(String) : []
  } finally {
    redis.disconnect()
  }
}
