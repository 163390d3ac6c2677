import type { StatementOrder, Transaction } from '@larder/core/host'

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

/** Whether it is in an interactive transaction whose scope is known. */
export function isInteractive(place: Place): place is Place & { readonly kind: 'inside' } {
  return place.kind === 'inside' && place.order !== undefined
}
