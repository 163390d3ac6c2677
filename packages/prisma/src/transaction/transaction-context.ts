import type { StatementOrder, Transaction } from '@larder/core/host'

/**
 * The transaction of one operation: none, one whose scope is known, or one that was not begun through the extended client.
 */
export type TransactionContext = (
  | { readonly kind: 'outside' }
  | {
      readonly kind: 'inside'
      readonly scope: Transaction
      /** The scope of the transaction around all nested ones. */
      readonly root: Transaction
    }
  | { readonly kind: 'unknown' }
) & {
  /** The order of statements on its connection. Undefined: the connection is not known, or Prisma keeps the order itself. */
  readonly order?: StatementOrder | undefined
  /** Call it when Prisma has the operation's query. */
  readonly queued?: (() => void) | undefined
}

/** True in an interactive transaction whose scope is known. */
export function isInteractive(
  context: TransactionContext,
): context is TransactionContext & { readonly kind: 'inside' } {
  return context.kind === 'inside' && context.order !== undefined
}

/** Runs a statement whose effect on the rows of its transaction is not known. */
export function trackUnknown<T>(context: TransactionContext, run: () => Promise<T>): Promise<T> {
  return context.kind === 'inside' ? context.scope.trackUnknown(run) : run()
}
