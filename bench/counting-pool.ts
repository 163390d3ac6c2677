import pg from 'pg'

export interface CountingPool {
  readonly pool: pg.Pool
  /** Queries that reached the driver so far, writes apart. Drizzle's logger also hears of reads that the cache answers. */
  selects(): number
}

export function openCountingPool(config: pg.PoolConfig): CountingPool {
  const pool = new pg.Pool(config)
  // A connection that is still closing when the database is dropped would else end the benchmark.
  pool.on('error', () => {})
  const query = pool.query.bind(pool) as (...parameters: unknown[]) => unknown
  let selects = 0
  pool.query = ((...parameters: unknown[]) => {
    if ((parameters[0] as { text?: string }).text?.startsWith('select')) selects++
    return query(...parameters)
  }) as typeof pool.query
  return { pool, selects: () => selects }
}
