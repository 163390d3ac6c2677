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
}

/** The one file that knows how Prisma's transactions begin, nest and end. */
export function createTransactions(engine: Engine): Transactions {
  // Innermost scope last: a nested transaction has the id of the one around it.
  const interactive = new Map<string, Transaction[]>()
  const batches = new WeakSet<Transaction>()

  const runBatch = async (begin: BeginTransaction, client: unknown, input: unknown, options: unknown) => {
    // Each statement marks before it is queued, and the batch starts only when all are: before BEGIN.
    const scope = engine.transaction('early')
    batches.add(scope)
    try {
      const results = await engine.inside(scope, () => begin.call(client, input, options))
      await scope.end('committed')
      return results
    } catch (error) {
      await scope.end(statementFailed(error) ? 'failed' : 'unknown')
      throw error
    }
  }

  const runInteractive = async (begin: BeginTransaction, client: unknown, body: Body, options: unknown) => {
    const scope = engine.transaction('late')
    let parent: Transaction | undefined
    let bodyDone = false
    // Statements issued without being awaited may still arrive until COMMIT is answered: the scope stays known till then.
    let leave = (): void => {}
    const wrapped = async (tx: unknown): Promise<unknown> => {
      const id = (await interactiveIdOf(tx)) ?? ''
      parent = interactive.get(id)?.at(-1)
      leave = enter(interactive, id, scope)
      const result = await body(tx)
      if (!parent) await scope.seal()
      bodyDone = true
      return result
    }
    const end = async (outcome: 'committed' | 'failed' | 'unknown'): Promise<void> => {
      leave()
      // A savepoint proves nothing by itself: what was written in it is settled with the transaction around it.
      if (parent) await scope.mergeInto(parent)
      else await scope.end(outcome)
    }
    try {
      const result = await engine.inside(scope, () => begin.call(client, wrapped, options))
      await end('committed')
      return result
    } catch (error) {
      // If the body failed, no COMMIT was ever sent.
      await end(bodyDone && !commitFailed(error) ? 'unknown' : 'failed')
      throw error
    }
  }

  return {
    run(begin, client, input, options) {
      if (typeof input === 'function') return runInteractive(begin, client, input as Body, options)
      return isTransactionClient(client)
        ? // Inside an interactive transaction Prisma runs an array one by one, each operation told as its own.
          begin.call(client, input, options)
        : runBatch(begin, client, input, options)
    },
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

/** Prisma hides `$connect` from the client it hands to a transaction's body. */
export function isTransactionClient(client: unknown): boolean {
  return typeof (client as { $connect?: unknown } | undefined)?.$connect !== 'function'
}
