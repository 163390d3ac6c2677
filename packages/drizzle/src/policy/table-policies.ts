import type { PolicyOptions } from '@larder/core'
import type { Table, View } from 'drizzle-orm'

/**
 * A table or a view, by its shape: in a CommonJS package, drizzle-orm's own types exist twice, and one is not assignable to the
 * other.
 */
export interface TableLike {
  readonly $inferSelect: unknown
}

/** The schema a db was made with, as `drizzle(client, { schema })` types it. Empty for a db made without a schema. */
export type SchemaOf<DB> = DB extends { readonly _: { readonly fullSchema: infer S } }
  ? S
  : Record<string, never>

/** The names under which schema `S` exports its tables and views. Any string where `S` is not known. */
export type TableName<S> = string extends keyof S
  ? string
  : { [K in keyof S]: S[K] extends Table | View | TableLike ? K : never }[keyof S] & string

/**
 * One policy per table, keyed by the schema's names, or `false` to not cache the table. `'*'` applies to every table
 * without a policy of its own.
 * @example
 * ```ts
 * import type { TablePolicies } from '@larder/drizzle'
 *
 * const tables: TablePolicies<typeof schema> = {
 *   products: { ttl: '10m' },
 *   orders: false,
 *   '*': { ttl: '1m' },
 * }
 * ```
 */
export type TablePolicies<S> = { readonly [K in TableName<S> | '*']?: PolicyOptions | false }
