import type { SqlDriverAdapter, SqlDriverAdapterFactory, Transaction } from '@prisma/driver-adapter-utils'

/** A driver adapter that counts what really goes to the database. */
export interface CountedAdapter {
  readonly adapter: SqlDriverAdapterFactory
  /** SQL statements sent so far, BEGIN and COMMIT included. */
  count(): number
}

/** Counts below Prisma: one `findUnique` with an `include` is several statements, and a cached one is none. */
export function countStatements(inner: SqlDriverAdapterFactory): CountedAdapter {
  let statements = 0
  const sent = <T>(run: () => T): T => {
    statements++
    return run()
  }

  const transaction = (tx: Transaction): Transaction => ({
    provider: tx.provider,
    adapterName: tx.adapterName,
    options: tx.options,
    queryRaw: (query) => sent(() => tx.queryRaw(query)),
    executeRaw: (query) => sent(() => tx.executeRaw(query)),
    commit: () => sent(() => tx.commit()),
    rollback: () => sent(() => tx.rollback()),
  })

  const connection = (db: SqlDriverAdapter): SqlDriverAdapter => ({
    provider: db.provider,
    adapterName: db.adapterName,
    queryRaw: (query) => sent(() => db.queryRaw(query)),
    executeRaw: (query) => sent(() => db.executeRaw(query)),
    executeScript: (script) => sent(() => db.executeScript(script)),
    startTransaction: async (isolation) => transaction(await sent(() => db.startTransaction(isolation))),
    getConnectionInfo: () => db.getConnectionInfo?.() ?? { supportsRelationJoins: false },
    dispose: () => db.dispose(),
  })

  return {
    // Made after the adapter, so that Larder sees which database it connects to.
    adapter: Object.assign(Object.create(inner) as SqlDriverAdapterFactory, {
      connect: async () => connection(await inner.connect()),
    }),
    count: () => statements,
  }
}
