import type { SQL } from 'drizzle-orm'
import { createNotes } from '../base/object-metadata.ts'
import type { Shape } from './result-shape.ts'

/** A table in a FROM or JOIN as a builder's config holds it: Table, View, Subquery or SQL. */
export type Source = unknown

/** What a select builder asked its dialect for. Relational queries are made of these. */
export interface SelectConfig {
  readonly table: Source
  readonly fields: Readonly<Record<string, unknown>>
  readonly fieldsFlat?: readonly { readonly field: unknown }[]
  readonly joins?: readonly { readonly table: Source; readonly joinType: string; readonly on?: unknown }[]
  readonly where?: unknown
  readonly groupBy?: readonly unknown[]
  readonly lockingClause?: unknown
  readonly setOperators: readonly unknown[]
  /** The whole is put into one more SELECT. */
  readonly wrapped?: boolean
}

export interface InsertConfig {
  readonly table: unknown
  /** Rows as objects, or the VALUES themselves. */
  readonly values: unknown
  readonly select?: boolean
  /** SQL after ON CONFLICT (PostgreSQL, SQLite), or ON DUPLICATE KEY (MySQL). */
  readonly onConflict?: unknown
  /** MySQL: INSERT IGNORE, which fits values to their columns instead of refusing them. */
  readonly ignore?: boolean
}

export interface UpdateConfig {
  readonly from?: Source
  readonly joins?: readonly { readonly table: Source }[]
  readonly table: unknown
  readonly set: Readonly<Record<string, unknown>>
  readonly where?: unknown
}

export interface DeleteConfig {
  readonly table: unknown
  readonly where?: unknown
}

/** What one SQL object was built from. */
export type Built =
  | { readonly kind: 'select'; readonly config: SelectConfig }
  | { readonly kind: 'insert'; readonly config: InsertConfig }
  | { readonly kind: 'update'; readonly config: UpdateConfig }
  | { readonly kind: 'delete'; readonly config: DeleteConfig }
  | { readonly kind: 'count'; readonly source: Source; readonly filters: unknown }
  | { readonly kind: 'refresh'; readonly view: unknown }
  /** The list after SET, of an update or of ON CONFLICT DO UPDATE. */
  | { readonly kind: 'set'; readonly set: Readonly<Record<string, unknown>> }
  /** Not a statement of its own: marks the root of a relational query. `shape`: how its rows lie in the result. */
  | {
      readonly kind: 'relational'
      readonly inner: Built | undefined
      readonly shape: () => Shape | undefined
    }
  /** A relational query whose selects no builder made (1.0). */
  | { readonly kind: 'relations'; readonly shape: () => Shape | undefined }

/** Remembers from what SQL objects were built, for as long as they live. */
export interface BuiltSql {
  note(sql: SQL, built: Built): void
  of(sql: SQL): Built | undefined
}

export function createBuiltSql(): BuiltSql {
  const all = createNotes<SQL, Built>()
  return { note: all.put, of: all.of }
}
