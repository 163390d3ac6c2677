import type { PolicyOptions } from '@larder/core'
import type { Table, View } from 'drizzle-orm'

/** Any Drizzle db: PostgreSQL, MySQL or SQLite, over any driver. */
export interface AnyDb {
  readonly _: object
  select: unknown
  insert: unknown
  transaction: unknown
}

/** The schema a db was made with, as `drizzle(client, { schema })` knows it. */
export type SchemaOf<DB> = DB extends { readonly _: { readonly fullSchema: infer S } }
  ? S
  : Record<string, never>

/** Names under which a schema exports tables and views; any string where it is not known. */
export type TableName<S> = string extends keyof S
  ? string
  : { [K in keyof S]: S[K] extends Table | View ? K : never }[keyof S] & string

/** Policy per table; `'*'` for every table without its own. */
export type TablePolicies<S> = { readonly [K in TableName<S> | '*']?: PolicyOptions }
