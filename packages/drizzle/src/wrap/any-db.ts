/** Any Drizzle db: PostgreSQL, MySQL or SQLite, over any driver. */
export interface AnyDb {
  readonly _: object
  select: unknown
  insert: unknown
  transaction: unknown
}
