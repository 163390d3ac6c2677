import type { PGlite, Transaction } from '@electric-sql/pglite'
import type pg from 'pg'

/** Counts SQL statements below both ORMs: those of every client that it was given. */
export interface Statements {
  /** Sent so far. BEGIN and COMMIT count, where they are sent as statements. */
  count(): number
  pool(pool: pg.Pool): pg.Pool
  /** The same PGlite, as a client of its own. */
  pglite(pglite: PGlite): PGlite
}

export function countStatements(): Statements {
  let sent = 0
  const counted = <T extends PGlite | Transaction>(target: T): T =>
    new Proxy(target, {
      get(_, name) {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        return (...args: unknown[]): unknown => {
          if (name === 'query' || name === 'exec') sent++
          if (name !== 'transaction') return Reflect.apply(member, target, args)
          // BEGIN, and COMMIT or ROLLBACK.
          sent += 2
          const [run] = args as [(tx: Transaction) => unknown]
          return Reflect.apply(member, target, [(tx: Transaction) => run(counted(tx))])
        }
      },
    })
  return {
    count: () => sent,
    pool: (pool) =>
      pool.on('connect', (client) => {
        const query = client.query as (...args: unknown[]) => unknown
        client.query = ((...args: unknown[]) => {
          sent++
          return query.apply(client, args)
        }) as typeof client.query
      }),
    pglite: counted,
  }
}
