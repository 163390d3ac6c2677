import { createStatementOrder, type StatementOrder, type Transaction } from '@larder/core/host'

/** The scopes of one interactive transaction, innermost last, and the order of its statements. */
export interface OpenScopes {
  readonly scopes: Transaction[]
  readonly order: StatementOrder
}

/** The interactive transactions that are open, by Prisma's id: a nested transaction has the id of its parent. */
export interface InteractiveScopes {
  enter(id: string, scope: Transaction): OpenScopes
  leave(id: string, scope: Transaction): void
  find(id: string): OpenScopes | undefined
  /** All scopes of the transaction that `scope` belongs to, itself included. */
  stackOf(scope: Transaction): readonly Transaction[]
}

export function createInteractiveScopes(): InteractiveScopes {
  const interactive = new Map<string, OpenScopes>()
  return {
    enter(id, scope) {
      const open = interactive.get(id) ?? { scopes: [], order: createStatementOrder() }
      open.scopes.push(scope)
      interactive.set(id, open)
      return open
    },
    leave(id, scope) {
      const { scopes = [] } = interactive.get(id) ?? {}
      scopes.splice(scopes.indexOf(scope), 1)
      if (!scopes.length) interactive.delete(id)
    },
    find: (id) => interactive.get(id),
    stackOf: (scope) =>
      [...interactive.values()].find(({ scopes }) => scopes.includes(scope))?.scopes ?? [scope],
  }
}
