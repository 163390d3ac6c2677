import { isDeepStrictEqual } from 'node:util'
import { CacheError } from '@larder/core'
import { type LockOptions, lockStatement } from '../plan/lock.ts'
import type { ModelMap } from '../schema/model.ts'
import { isTransactionClient } from '../transaction/interactive-transaction.ts'

/** Arguments of `tx.model.lock`. */
export interface LockArguments extends LockOptions {
  readonly where: unknown
}

/** One model of a client, as Prisma hands it to a method of an extension. */
export interface ModelContext {
  readonly $name?: string
  readonly $parent?: unknown
  findUniqueOrThrow(args: { where: unknown }): Promise<unknown>
}

type RawClient = { $queryRawUnsafe(sql: string, ...values: readonly unknown[]): Promise<readonly unknown[]> }

const OPTIONS: readonly string[] = [
  'where',
  'noWait',
  'skipLocked',
  'strength',
] satisfies (keyof LockArguments)[]

/**
 * Locks one row until the transaction ends, and reads it as it is under the lock. Both statements bypass the cache. The
 * second one takes its snapshot when the lock is held. On MySQL a transaction keeps the snapshot of its first read, so a
 * third statement checks whether that is too old.
 * @returns the row, or null with `skipLocked` if it is locked or does not exist.
 * @throws CacheError `LARDER_LOCK_OUTSIDE_TRANSACTION`, `LARDER_ROW_NOT_FOUND`, `LARDER_LOCK_UNSUPPORTED`,
 * `LARDER_LOCK_OLD_SNAPSHOT`, `LARDER_CONFIG`; the database's own error where `noWait` found the row locked.
 */
export async function lockRow(
  models: ModelMap,
  provider: string,
  context: ModelContext,
  args: LockArguments,
): Promise<unknown> {
  const model = context.$name ?? ''
  checkArguments(model, args)
  const statement = lockStatement(models, provider, model, args.where, args)
  const client = context.$parent
  if (!isTransactionClient(client))
    throw new CacheError(
      'LARDER_LOCK_OUTSIDE_TRANSACTION',
      `${model}.lock would let go of the row at once: call it on the client of prisma.$transaction(async (tx) => …)`,
    )
  const { sql, unlocked, values } = statement
  const raw = client as RawClient
  const locked = await raw.$queryRawUnsafe(sql, ...values)
  if (locked.length) {
    if (unlocked && !isDeepStrictEqual(await raw.$queryRawUnsafe(unlocked, ...values), locked))
      throw tooOld(model)
    return context.findUniqueOrThrow({ where: args.where })
  }
  if (args.skipLocked) return null
  throw new CacheError(
    'LARDER_ROW_NOT_FOUND',
    `${model}.lock found no row by ${Object.keys(args.where as object).join(', ')}`,
  )
}

function tooOld(model: string): CacheError {
  return new CacheError(
    'LARDER_LOCK_OLD_SNAPSHOT',
    `${model}.lock: somebody changed the row after this transaction had read for the first time, so its reads show what was there before. Lock before you read, or begin with { isolationLevel: 'ReadCommitted' }; else run the transaction again`,
  )
}

function checkArguments(model: string, args: unknown): void {
  const names = typeof args === 'object' && args !== null ? Object.keys(args) : []
  const unknown = names.find((name) => !OPTIONS.includes(name))
  if (unknown === undefined && names.includes('where')) return
  throw new CacheError(
    'LARDER_CONFIG',
    `${model}.lock ${unknown === undefined ? 'needs a where' : `has no option ${unknown}`}: give { where: { … } } by a unique key, and noWait, skipLocked or strength`,
  )
}
