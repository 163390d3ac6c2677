import type { Engine, StatementOrder, Transaction } from '@larder/core/host'
import { runArray, within } from './array-transaction.ts'
import { interactiveIdOf, type OperationTransaction } from './internals.ts'
import { createInteractiveScopes, type InteractiveScopes } from './open-scopes.ts'
import { commitFailed } from './outcome.ts'
import type { Announcements } from './watch/announcements.ts'

/** Prisma's own `$transaction`, unbound. */
export type BeginTransaction = (this: unknown, input: unknown, options: unknown) => Promise<unknown>

/** Where one operation stands: beside any transaction, in a scope of ours, or in one begun behind our back. */
export type Place = (
  | { readonly kind: 'alone' }
  | {
      readonly kind: 'inside'
      readonly scope: Transaction
      /** The scope of the transaction around all nested ones. */
      readonly root: Transaction
    }
  | { readonly kind: 'lost' }
) & {
  /** Of the statements on its connection. Undefined: nobody knows the connection, or Prisma itself keeps the order. */
  readonly order?: StatementOrder | undefined
  /** To be called when Prisma has the operation's query. */
  readonly queued?: (() => void) | undefined
}

/** The open transactions of one client and all its extended forms. */
export interface Transactions {
  /** Runs Prisma's `$transaction` with marks around its COMMIT. `client` is the client it was called on. */
  run(begin: BeginTransaction, client: unknown, input: unknown, options: unknown): Promise<unknown>
  /** Attributes an operation by what Prisma says of it; the asynchronous context only tells nested scopes apart. */
  placeOf(transaction: OperationTransaction | undefined): Place
  /**
   * Raw SQL that may end the transaction is about to be sent in `scope`: marks what it and those around it wrote. That
   * they reject proves nothing from now on. Throws as `seal` does, and then it must not be sent.
   */
  broken(scope: Transaction): Promise<void>
  /**
   * Runs an operation of a transaction. Once one was rejected, MySQL and SQLite may have rolled the whole transaction
   * back and gone on without one (a deadlock, a full disk): see {@link Transactions.mayBeOver}.
   */
  watch<T>(place: Place, run: () => Promise<T>): Promise<T>
  /** True if a write at this place may commit by itself. Call {@link Transactions.broken} before it is sent. */
  mayBeOver(place: Place): boolean
}

/**
 * The one file that knows how Prisma's transactions begin, nest and end.
 * @param order of the statements outside interactive transactions, where the client has a single connection.
 * @param announcements undefined: nobody sees what the driver is given.
 */
export function createTransactions(
  engine: Engine,
  order: StatementOrder | undefined,
  announcements: Announcements | undefined,
): Transactions {
  const interactive = createInteractiveScopes()
  const batches = new WeakMap<Transaction, () => void>()
  /** How many transactions are open in each scope, and the scopes whose body has returned or failed. */
  const nested = new Map<Transaction, number>()
  const bodiesDone = new WeakSet<Transaction>()
  /** Scopes that may be committed although they reject. */
  const unsure = new WeakSet<Transaction>()
  const orderNow = () => orderBeside(engine.current(), batches, order)
  const runInteractive = async (begin: BeginTransaction, client: unknown, body: Body, options: unknown) => {
    const scope = engine.transaction('late')
    let parent: Transaction | undefined
    let bodyDone = false
    /** COMMIT may have been sent. */
    let letGo = false
    // Statements issued without being awaited may still arrive until COMMIT is answered: the scope stays known till then.
    let leave = (): void => {}
    const unnest = isTransactionClient(client) ? nest(nested, engine.current()) : () => {}
    const seal = async (stack: readonly Transaction[]): Promise<void> => {
      bodiesDone.add(scope)
      if (!nested.has(scope)) {
        if (parent ? bodiesDone.has(parent) : bodyDone) await scope.seal()
        return
      }
      // Under a body that ended before a transaction nested in it, Prisma rolls back too little, and may commit the
      // rest when the nested one ends, even if that body failed.
      await sealUnsure(stack, unsure)
    }
    const wrapped = async (tx: unknown): Promise<unknown> => {
      const id = interactiveIdOf(tx) ?? ''
      parent = interactive.find(id)?.scopes.at(-1)
      const { scopes, order: statements } = interactive.enter(id, scope)
      leave = () => interactive.leave(id, scope)
      const close = () => Promise.resolve(statements.sent()).then(() => seal([...scopes]))
      const hidden = announcements ? undefined : unseen(engine, scope, tx)
      if (hidden) await hidden
      let result: unknown
      try {
        result = await body(tx)
        bodyDone = true
      } catch (error) {
        // What is refused here fails already.
        await close().catch(() => {})
        throw error
      }
      await close()
      letGo = true
      return result
    }
    const end = async (outcome: 'committed' | 'failed' | 'unknown'): Promise<void> => {
      leave()
      unnest()
      // What a savepoint rolled back, or COMMIT may have taken along, is not what was returned.
      if (outcome !== 'committed' || unsure.has(scope)) scope.discardRows()
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
      await end((letGo && !commitFailed(error)) || unsure.has(scope) ? 'unknown' : 'failed')
      throw error
    }
  }

  return {
    run(begin, client, input, options) {
      const run = (): Promise<unknown> =>
        typeof input === 'function'
          ? runInteractive(begin, client, input as Body, options)
          : begin.call(client, input, options)
      // Inside an interactive transaction Prisma runs an array one by one, each operation told as its own.
      if (isTransactionClient(client)) return run()
      if (typeof input === 'function') return orderNow()?.enter().send(run) ?? run()
      return runArray({ engine, batches, unsure, announcements, order: orderNow() }, input, run)
    },
    broken: (scope) => sealUnsure(interactive.around(scope), unsure),
    ...createRejections(),
    placeOf: (one) => (one ? placeIn(one, engine.current(), batches, interactive) : alone(orderNow())),
  }
}

const alone = (order: StatementOrder | undefined): Place => ({ kind: 'alone', order })

/** The order outside transactions. What hooks of an array's operations call must not wait for the array: it waits for them. */
function orderBeside(
  current: Transaction | undefined,
  batches: WeakMap<Transaction, () => void>,
  order: StatementOrder | undefined,
): StatementOrder | undefined {
  return current?.open && batches.has(current) ? undefined : order
}

/** The transactions in which an operation was rejected. */
function createRejections(): Pick<Transactions, 'watch' | 'mayBeOver'> {
  const rejected = new WeakSet<Transaction>()
  return {
    watch(place, run) {
      const ended = run()
      if (isInteractive(place)) ended.catch(() => rejected.add(place.root))
      return ended
    },
    mayBeOver: (place) => isInteractive(place) && rejected.has(place.root),
  }
}

function isInteractive(place: Place): place is Place & { readonly kind: 'inside' } {
  return place.kind === 'inside' && place.order !== undefined
}

function placeIn(
  { kind, id }: OperationTransaction,
  current: Transaction | undefined,
  batches: WeakMap<Transaction, () => void>,
  interactive: InteractiveScopes,
): Place {
  if (kind === 'batch') {
    const queued = current && batches.get(current)
    return current && queued ? { kind: 'inside', scope: current, root: current, queued } : { kind: 'lost' }
  }
  const open = interactive.find(String(id))
  const scope = current && open?.scopes.includes(current) ? current : open?.scopes.at(-1)
  if (!open || !scope) return { kind: 'lost' }
  return { kind: 'inside', scope, root: open.scopes[0] ?? scope, order: open.order }
}

/** Marks what scopes wrote that may be committed although they reject. Waits for all, then rejects as the first that did. */
async function sealUnsure(scopes: readonly Transaction[], unsure: WeakSet<Transaction>): Promise<void> {
  for (const open of scopes) unsure.add(open)
  const seals = scopes.map((open) => open.seal())
  await Promise.allSettled(seals)
  await Promise.all(seals)
}

type Body = (tx: unknown) => Promise<unknown>

/**
 * Where another extension began the transaction on `$parent`, what is written in it never reaches our hook: it counts as
 * a write of every table. Does nothing where the transaction's client carries the cache.
 */
function unseen(engine: Engine, scope: Transaction, tx: unknown): Promise<void> | undefined {
  if (typeof tx === 'object' && tx !== null && '$cache' in tx) return undefined
  engine.events.emit('warning', {
    code: 'transaction-unseen',
    message:
      'an extension begins its transactions on $parent, where the cache does not see what is written: each of them invalidates every table. Put that extension on a client of its own, or let it leave $transaction alone',
  })
  const plan = { operation: '$transaction', model: undefined, changes: engine.everything() }
  return engine.write({ ...plan, run: async () => undefined }, scope)
}

/** Counts a transaction that begins in `around`. @returns a function that takes it back. */
function nest(open: Map<Transaction, number>, around: Transaction | undefined): () => void {
  if (!around) return () => {}
  open.set(around, (open.get(around) ?? 0) + 1)
  return () => {
    const left = (open.get(around) ?? 1) - 1
    if (left) open.set(around, left)
    else open.delete(around)
  }
}

/** Prisma hides `$connect` from the client it hands to a transaction's body. */
export function isTransactionClient(client: unknown): boolean {
  return typeof (client as { $connect?: unknown } | undefined)?.$connect !== 'function'
}
