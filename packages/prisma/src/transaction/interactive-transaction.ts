import type { Engine, Transaction } from '@larder/core/host'
import { interactiveIdOf } from '../internals.ts'
import type { Announcements } from './announcements.ts'
import { within } from './array-transaction.ts'
import { createInteractiveScopes, type InteractiveScopes } from './open-scopes.ts'
import { commitFailed } from './outcome.ts'
import { createRejections, type Rejections } from './rejections.ts'

/** Prisma's own `$transaction`, unbound. */
export type BeginTransaction = (this: unknown, input: unknown, options: unknown) => Promise<unknown>

export type Body = (tx: unknown) => Promise<unknown>

/** What is known of the interactive transactions of one client. */
export interface InteractiveState {
  readonly engine: Engine
  readonly announcements: Announcements | undefined
  readonly scopes: InteractiveScopes
  /** How many transactions are open in each scope. */
  readonly nested: Map<Transaction, number>
  /** Scopes whose body has returned or failed. */
  readonly bodiesDone: WeakSet<Transaction>
  /** Scopes that may be committed although they reject. */
  readonly maybeCommitted: WeakSet<Transaction>
  /** When each transaction will have ended whose body has returned or failed. */
  readonly endings: WeakMap<Transaction, Promise<void>>
  readonly rejections: Rejections
}

export function createInteractiveState(
  engine: Engine,
  announcements: Announcements | undefined,
): InteractiveState {
  return {
    engine,
    announcements,
    scopes: createInteractiveScopes(),
    nested: new Map(),
    bodiesDone: new WeakSet(),
    maybeCommitted: new WeakSet(),
    endings: new WeakMap(),
    rejections: createRejections(),
  }
}

/** Runs an interactive transaction with marks around its COMMIT. */
export async function runInteractive(
  state: InteractiveState,
  begin: BeginTransaction,
  client: unknown,
  body: Body,
  options: unknown,
): Promise<unknown> {
  const { engine, announcements, scopes: open, nested, bodiesDone, maybeCommitted, endings } = state
  const scope = engine.transaction('late')
  let parent: Transaction | undefined
  let bodyDone = false
  /** COMMIT may have been sent. */
  let commitMayBeSent = false
  // Statements issued without being awaited may still arrive until COMMIT is answered: the scope stays known till then.
  let leave = (): void => {}
  const ended = Promise.withResolvers<void>()
  const unnest = isTransactionClient(client) ? nest(nested, engine.current()) : () => {}
  const seal = async (stack: readonly Transaction[]): Promise<void> => {
    bodiesDone.add(scope)
    if (!nested.has(scope)) {
      if (parent ? bodiesDone.has(parent) : bodyDone) await scope.seal()
      return
    }
    // Under a body that ended before a transaction nested in it, Prisma rolls back too little, and may commit the
    // rest when the nested one ends, even if that body failed.
    await sealMaybeCommitted(stack, maybeCommitted)
  }
  const wrapped = async (tx: unknown): Promise<unknown> => {
    const id = interactiveIdOf(tx) ?? ''
    parent = open.find(id)?.scopes.at(-1)
    const { scopes, order: statements } = open.enter(id, scope)
    leave = () => open.leave(id, scope)
    const close = () => Promise.resolve(statements.sent()).then(() => seal([...scopes]))
    const hidden = announcements ? undefined : unseen(engine, scope, tx)
    if (hidden) await hidden
    let result: unknown
    try {
      result = await body(tx)
      bodyDone = true
      endings.set(scope, ended.promise)
    } catch (error) {
      endings.set(scope, ended.promise)
      // What is refused here fails already.
      await close().catch(() => {})
      throw error
    }
    await close()
    commitMayBeSent = true
    return result
  }
  const end = async (outcome: 'committed' | 'failed' | 'unknown'): Promise<void> => {
    leave()
    unnest()
    ended.resolve()
    // What a savepoint rolled back, or COMMIT may have taken along, is not what was returned.
    if (outcome !== 'committed' || maybeCommitted.has(scope)) scope.discardRows()
    // A savepoint proves nothing by itself: what was written in it is settled with the transaction around it.
    await (parent ? scope.mergeInto(parent) : scope.end(outcome))
  }
  try {
    const named = isTransactionClient(client) ? undefined : announcements
    const result = await within(engine, named, scope, () => begin.call(client, wrapped, options))
    await end('committed')
    return result
  } catch (error) {
    // If the body failed, or its marks, with nothing open in it, no COMMIT was ever sent.
    await end(
      commitMayBeSent && !commitFailed(error)
        ? 'unknown'
        : maybeCommitted.has(scope)
          ? outcomeOfMaybeCommitted(state, scope)
          : 'failed',
    )
    throw error
  }
}

/**
 * Something may be committed although the transaction rejected. Once the driver has answered its ROLLBACK, nothing more can
 * be, unless a statement of it was not answered.
 */
function outcomeOfMaybeCommitted(
  { announcements, rejections }: InteractiveState,
  scope: Transaction,
): 'committed' | 'unknown' {
  return announcements?.isRolledBack(scope) && rejections.allAnswered(scope) ? 'committed' : 'unknown'
}

/** Marks what scopes wrote that may be committed although they reject. Waits for all, then rejects as the first that did. */
export async function sealMaybeCommitted(
  scopes: readonly Transaction[],
  maybeCommitted: WeakSet<Transaction>,
): Promise<void> {
  for (const open of scopes) maybeCommitted.add(open)
  const seals = scopes.map((open) => open.seal())
  await Promise.allSettled(seals)
  await Promise.all(seals)
}

/**
 * Where another extension began the transaction on `$parent`, what is written in it never reaches our hook: it counts as
 * a write of every table. Does nothing where the transaction's client carries the cache.
 */
function unseen(engine: Engine, scope: Transaction, tx: unknown): Promise<void> | undefined {
  if (typeof tx === 'object' && tx !== null && '$cache' in tx) return undefined
  engine.events.emit('warning', {
    code: 'transaction-unseen',
    message:
      'an extension begins its transactions on $parent, where the cache does not see what is written: each of them invalidates every table. Put that extension on a client of its own, or let it leave $transaction outside',
  })
  const plan = { operation: '$transaction', model: undefined, changes: engine.everything() }
  return engine.write({ ...plan, run: async () => undefined }, scope)
}

/** Counts a transaction that begins in `around`. @returns a function that takes it back. */
function nest(open: Map<Transaction, number>, around: Transaction | undefined): () => void {
  if (!around) return () => {}
  open.set(around, (open.get(around) ?? 0) + 1)
  return () => {
    const remaining = (open.get(around) ?? 1) - 1
    if (remaining) open.set(around, remaining)
    else open.delete(around)
  }
}

/** Prisma hides `$connect` from the client it hands to a transaction's body. */
export function isTransactionClient(client: unknown): boolean {
  return typeof (client as { $connect?: unknown } | undefined)?.$connect !== 'function'
}
