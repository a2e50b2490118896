import type { ChainableCommander } from 'ioredis'

/** Executes a transaction. Rejects when any of its commands failed, whose error an answer of EXEC merely lists. */
export async function commit(transaction: ChainableCommander): Promise<void> {
  for (const [error] of (await transaction.exec()) ?? []) if (error) throw error
}
