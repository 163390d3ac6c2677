import type { Engine, Transaction } from '@larder/core'
import { interactiveIdOf, type OperationTransaction } from './internals.ts'
import { commitFailed, statementFailed } from './outcome.ts'

/** Prisma's own `$transaction`, unbound. */
export type BeginTransaction = (this: unknown, input: unknown, options: unknown) => Promise<unknown>

/** Where one operation stands: beside any transaction, in a scope of ours, or in one begun behind our back. */
export type Place =
  | { readonly kind: 'alone' }
  | { readonly kind: 'inside'; readonly scope: Transaction }
  | { readonly kind: 'lost' }

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
}

/** The one file that knows how Prisma's transactions begin, nest and end. */
export function createTransactions(engine: Engine): Transactions {
  // Innermost scope last: a nested transaction has the id of the one around it.
  const interactive = new Map<string, Transaction[]>()
  const batches = new WeakSet<Transaction>()
  /** How many transactions are open in each scope, and the scopes whose body has returned or failed. */
  const nested = new Map<Transaction, number>()
  const bodiesDone = new WeakSet<Transaction>()
  /** Scopes that may be committed although they reject. */
  const unsure = new WeakSet<Transaction>()

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
      const id = (await interactiveIdOf(tx)) ?? ''
      parent = interactive.get(id)?.at(-1)
      leave = enter(interactive, id, scope)
      const stack = (): readonly Transaction[] => [...(interactive.get(id) ?? [])]
      await unseen(engine, scope, tx)
      let result: unknown
      try {
        result = await body(tx)
        bodyDone = true
      } catch (error) {
        // What is refused here fails already.
        await seal(stack()).catch(() => {})
        throw error
      }
      await seal(stack())
      letGo = true
      return result
    }
    const end = async (outcome: 'committed' | 'failed' | 'unknown'): Promise<void> => {
      leave()
      unnest()
      // What a savepoint rolled back, or COMMIT may have taken along, is not what was returned.
      if (outcome !== 'committed' || unsure.has(scope)) scope.unproven()
      // A savepoint proves nothing by itself: what was written in it is settled with the transaction around it.
      await (parent ? scope.mergeInto(parent) : scope.end(outcome))
    }
    try {
      const result = await engine.inside(scope, () => begin.call(client, wrapped, options))
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
      if (typeof input === 'function') return runInteractive(begin, client, input as Body, options)
      return isTransactionClient(client)
        ? // Inside an interactive transaction Prisma runs an array one by one, each operation told as its own.
          begin.call(client, input, options)
        : runBatch(engine, batches, unsure, () => begin.call(client, input, options))
    },
    broken: (scope) => sealUnsure(around(interactive.values(), scope), unsure),
    placeOf(transaction) {
      if (!transaction) return { kind: 'alone' }
      const current = engine.current()
      if (transaction.kind === 'batch')
        return current && batches.has(current) ? { kind: 'inside', scope: current } : { kind: 'lost' }
      const stack = interactive.get(String(transaction.id)) ?? []
      const scope = current && stack.includes(current) ? current : stack.at(-1)
      return scope ? { kind: 'inside', scope } : { kind: 'lost' }
    },
  }
}

async function runBatch(
  engine: Engine,
  batches: WeakSet<Transaction>,
  unsure: WeakSet<Transaction>,
  run: () => Promise<unknown>,
): Promise<unknown> {
  // Each statement marks before it is queued, and the batch starts only when all are: before BEGIN.
  const scope = engine.transaction('early')
  batches.add(scope)
  try {
    const results = await engine.inside(scope, run)
    await scope.end('committed')
    return results
  } catch (error) {
    // A statement without its marks was not queued, and Prisma begins no batch before all its statements are.
    if (scope.refusal) scope.unsent()
    // Whether a statement or COMMIT was refused is not told; either proves it.
    const refused = !unsure.has(scope) && (statementFailed(error) || commitFailed(error))
    const failed = scope.refusal !== undefined || refused
    await scope.end(failed ? 'failed' : 'unknown')
    throw error
  }
}

/** The scopes of the transaction that `scope` is of, itself included. */
function around(stacks: Iterable<readonly Transaction[]>, scope: Transaction): readonly Transaction[] {
  return [...stacks].find((stack) => stack.includes(scope)) ?? [scope]
}

/** Marks what scopes wrote that may be committed although they reject. Waits for all, then rejects as the first that did. */
async function sealUnsure(scopes: readonly Transaction[], unsure: WeakSet<Transaction>): Promise<void> {
  for (const open of scopes) unsure.add(open)
  const seals = scopes.map((open) => open.seal())
  await Promise.allSettled(seals)
  await Promise.all(seals)
}

type Body = (tx: unknown) => Promise<unknown>

/** @returns a function that removes the scope again. */
function enter(interactive: Map<string, Transaction[]>, id: string, scope: Transaction): () => void {
  const stack = interactive.get(id) ?? []
  stack.push(scope)
  interactive.set(id, stack)
  return () => {
    stack.splice(stack.indexOf(scope), 1)
    if (!stack.length) interactive.delete(id)
  }
}

/**
 * Where another extension began the transaction on `$parent`, what is written in it never reaches our hook: it counts as
 * a write of every table. Does nothing where the transaction's client carries the cache.
 */
async function unseen(engine: Engine, scope: Transaction, tx: unknown): Promise<void> {
  if (typeof tx === 'object' && tx !== null && '$cache' in tx) return
  engine.events.emit('warning', {
    code: 'transaction-unseen',
    message:
      'an extension begins its transactions on $parent, where the cache does not see what is written: each of them invalidates every table. Put that extension on a client of its own, or let it leave $transaction alone',
  })
  const plan = { operation: '$transaction', model: undefined, changes: engine.everything() }
  await engine.write({ ...plan, run: async () => undefined }, scope)
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
