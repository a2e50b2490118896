import type { ChainableCommander } from 'ioredis'

/**
 * Executes a transaction, and gives what its commands answered. Rejects when any of them failed, whose error an answer
 * of EXEC merely lists.
 */
export async function commit(transaction: ChainableCommander): Promise<unknown[]> {
  const answers = (await transaction.exec()) ?? []
  for (const [error] of answers) if (error) throw error
  return answers.map(([, answer]) => answer)
}
