import type {
  SqlDriverAdapter,
  SqlDriverAdapterFactory,
  SqlQuery,
  SqlQueryable,
  SqlResultSet,
  Transaction,
} from '@prisma/driver-adapter-utils'
import { writtenTables } from './written-tables.ts'

/** One physical statement, or the end of a transaction, in the order they were sent. */
export interface SentStatement {
  /** As given to the driver; `BEGIN`, `COMMIT` or `ROLLBACK` where the driver sends these by itself. */
  readonly sql: string
  /** The values of its parameters. */
  readonly values: readonly unknown[]
  /** Number of the transaction it belongs to; undefined for a statement of its own. */
  readonly transaction: number | undefined
  /** Tables it names as targets of a write. */
  readonly tables: readonly string[]
}

/** A statement that is stopped until it is released. */
export interface HeldStatement {
  /** Resolves with the statement once one is stopped. */
  readonly reached: Promise<SentStatement>
  /** Lets the statement pass, and every later one. */
  release(): void
}

/** A driver adapter that records every statement of Prisma. Pass `adapter` to `new PrismaClient`. */
export interface WatchedAdapter {
  readonly adapter: SqlDriverAdapterFactory
  /** The statements since the last `clear`. */
  readonly statements: readonly SentStatement[]
  clear(): void
  /** Stops the next statement that matches, before it reaches the database. */
  hold(matches: (sent: SentStatement) => boolean): HeldStatement
  /** The same for its answer: the database has run the statement, and Prisma has no answer yet. */
  holdAnswer(matches: (sent: SentStatement) => boolean): HeldStatement
}

interface Gate extends HeldStatement {
  readonly matches: (sent: SentStatement) => boolean
  reach(sent: SentStatement): void
  readonly opened: Promise<void>
}

/** Wraps the factory of an adapter (`new PrismaPg(…)`, `new PrismaPGlite(…)`). */
export function watchAdapter(factory: SqlDriverAdapterFactory): WatchedAdapter {
  const statements: SentStatement[] = []
  const before = new Set<Gate>()
  const after = new Set<Gate>()
  let transactions = 0

  const pass = async (gates: Set<Gate>, statement: SentStatement): Promise<void> => {
    const gate = [...gates].find((each) => each.matches(statement))
    if (!gate) return
    gates.delete(gate)
    gate.reach(statement)
    await gate.opened
  }
  const observe: Observe = async (sql, transaction, run, values = []) => {
    const statement = { sql, values, transaction, tables: writtenTables(sql) }
    await pass(before, statement)
    statements.push(statement)
    try {
      return await run()
    } finally {
      await pass(after, statement)
    }
  }
  const add = (gates: Set<Gate>, matches: (sent: SentStatement) => boolean): HeldStatement => {
    const reached = Promise.withResolvers<SentStatement>()
    const opened = Promise.withResolvers<void>()
    const release = (): void => {
      gates.delete(gate)
      opened.resolve()
    }
    const gate = {
      matches,
      reach: reached.resolve,
      reached: reached.promise,
      opened: opened.promise,
      release,
    }
    gates.add(gate)
    return gate
  }
  const start = async (adapter: SqlDriverAdapter, args: Parameters<SqlDriverAdapter['startTransaction']>) => {
    const number = ++transactions
    const transaction = await observe('BEGIN', number, () => adapter.startTransaction(...args))
    return watchTransaction(transaction, number, observe)
  }

  return {
    // Shows what the factory is made from, as the factory itself does.
    adapter: Object.assign(Object.create(factory) as typeof factory, {
      async connect() {
        const adapter = await factory.connect()
        return overlaid(adapter, {
          ...watchQueries(adapter, undefined, observe),
          executeScript: (script: string) => observe(script, undefined, () => adapter.executeScript(script)),
          startTransaction: (...args: Parameters<SqlDriverAdapter['startTransaction']>) =>
            start(adapter, args),
        })
      },
    }),
    statements,
    clear: () => void statements.splice(0),
    hold: (matches) => add(before, matches),
    holdAnswer: (matches) => add(after, matches),
  }
}

type Observe = <T>(
  sql: string,
  transaction: number | undefined,
  run: () => Promise<T>,
  values?: readonly unknown[],
) => Promise<T>

function watchQueries(
  on: SqlQueryable,
  transaction: number | undefined,
  observe: Observe,
): Pick<SqlQueryable, 'queryRaw' | 'executeRaw'> {
  return {
    queryRaw: (query: SqlQuery): Promise<SqlResultSet> =>
      observe(query.sql, transaction, () => on.queryRaw(query), query.args),
    executeRaw: (query: SqlQuery): Promise<number> =>
      observe(query.sql, transaction, () => on.executeRaw(query), query.args),
  }
}

type SavepointMethod = 'createSavepoint' | 'rollbackToSavepoint' | 'releaseSavepoint'

/** Where the driver ends a transaction by itself Prisma sends no statement for it: `commit` is the COMMIT then. */
function watchTransaction(transaction: Transaction, number: number, observe: Observe): Transaction {
  const ends = transaction.options.usePhantomQuery
  const savepoint = (method: SavepointMethod, sql: string): Partial<Transaction> => {
    if (!transaction[method]) return {}
    return {
      [method]: (name: string) => observe(`${sql} ${name}`, number, async () => transaction[method]?.(name)),
    }
  }
  return overlaid(transaction, {
    ...watchQueries(transaction, number, observe),
    commit: () => (ends ? observe('COMMIT', number, () => transaction.commit()) : transaction.commit()),
    rollback: () =>
      ends ? observe('ROLLBACK', number, () => transaction.rollback()) : transaction.rollback(),
    // The driver sends these past the methods above.
    ...savepoint('createSavepoint', 'SAVEPOINT'),
    ...savepoint('rollbackToSavepoint', 'ROLLBACK TO SAVEPOINT'),
    ...savepoint('releaseSavepoint', 'RELEASE SAVEPOINT'),
  })
}

/** `target` with some methods replaced; all others still run on the target itself. */
function overlaid<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get(on, name) {
      if (Object.hasOwn(methods, name)) return Reflect.get(methods, name)
      const value: unknown = Reflect.get(on, name)
      return typeof value === 'function' ? value.bind(on) : value
    },
  })
}
