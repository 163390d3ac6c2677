/**
 * The parts of Prisma's driver adapters (`@prisma/driver-adapter-utils`) that are watched. Named here, so that this package
 * does not depend on the adapters' own.
 */

export interface Query {
  readonly sql: string
}

export interface Queryable {
  queryRaw(query: Query): Promise<unknown>
  executeRaw(query: Query): Promise<unknown>
}

export interface DriverTransaction extends Queryable {
  readonly options?: { readonly usePhantomQuery?: boolean }
  commit(): Promise<void>
  rollback(): Promise<void>
}

export interface DriverAdapter extends Queryable {
  executeScript(script: string): Promise<void>
  startTransaction(...options: readonly unknown[]): Promise<DriverTransaction>
}

export interface AdapterFactory {
  connect(): Promise<object>
}

/** Stands for one transaction that the driver has begun. */
export type TransactionToken = object

/** Is shown everything that a driver adapter is given. It runs `send` itself, once. */
export interface StatementObserver {
  /** Called in the call that begins a transaction, before it is sent. */
  begin(transaction: TransactionToken): void
  statement<T>(sql: string, transaction: TransactionToken | undefined, send: () => Promise<T>): Promise<T>
  commit<T>(transaction: TransactionToken, send: () => Promise<T>): Promise<T>
  rollback<T>(transaction: TransactionToken, send: () => Promise<T>): Promise<T>
}

/**
 * A factory that behaves like `factory`, and whose connections show `observer` what they are given.
 * @param connected is called with each adapter that the factory connects, before anything is sent over it.
 */
export function observed<F extends AdapterFactory>(
  factory: F,
  observer: StatementObserver,
  connected: (adapter: object) => void,
): F {
  return overlaid<AdapterFactory>(factory, {
    connect: async () => {
      const adapter = await factory.connect()
      connected(adapter)
      return watchConnection(adapter as DriverAdapter, observer)
    },
  }) as F
}

function watchConnection(adapter: DriverAdapter, observer: StatementObserver): DriverAdapter {
  return overlaid(adapter, {
    ...watchStatements(adapter, undefined, observer),
    executeScript: (script) => observer.statement(script, undefined, () => adapter.executeScript(script)),
    async startTransaction(...options) {
      const token: TransactionToken = {}
      observer.begin(token)
      return watchTransaction(await adapter.startTransaction(...options), token, observer)
    },
  })
}

function watchTransaction(
  transaction: DriverTransaction,
  token: TransactionToken,
  observer: StatementObserver,
): DriverTransaction {
  // Where the driver does not end it by itself, Prisma sends COMMIT as a statement, and then calls the method.
  const ends = transaction.options?.usePhantomQuery === true
  return overlaid(transaction, {
    ...watchStatements(transaction, token, observer),
    commit: () => (ends ? observer.commit(token, () => transaction.commit()) : transaction.commit()),
    rollback: () => observer.rollback(token, () => transaction.rollback()),
  })
}

function watchStatements(
  on: Queryable,
  token: TransactionToken | undefined,
  observer: StatementObserver,
): Queryable {
  const around = <T>({ sql }: Query, send: () => Promise<T>): Promise<T> => {
    if (token && sql === 'COMMIT') return observer.commit(token, send)
    return observer.statement(sql, token, send)
  }
  return {
    queryRaw: (query) => around(query, () => on.queryRaw(query)),
    executeRaw: (query) => around(query, () => on.executeRaw(query)),
  }
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
