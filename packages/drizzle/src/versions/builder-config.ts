import type { ResultShape } from './result-shape.ts'

/** A table in a FROM or JOIN, as the config of a builder holds it: Table, View, Subquery or SQL. */
export type Source = unknown

/** The config of a select builder. Relational queries of 0.45 are made of these. */
export interface SelectConfig {
  readonly table: Source
  readonly fields: Readonly<Record<string, unknown>>
  readonly fieldsFlat?: readonly { readonly field: unknown }[]
  readonly joins?: readonly { readonly table: Source; readonly joinType: string; readonly on?: unknown }[]
  readonly where?: unknown
  readonly groupBy?: readonly unknown[]
  readonly lockingClause?: unknown
  readonly setOperators: readonly unknown[]
  /** Drizzle puts the whole statement into one more SELECT. */
  readonly wrapped?: boolean
}

export interface InsertConfig {
  readonly table: unknown
  /** Rows as objects, or the VALUES clause itself. */
  readonly values: unknown
  readonly select?: boolean
  /** The SQL after ON CONFLICT (PostgreSQL, SQLite) or ON DUPLICATE KEY (MySQL). */
  readonly onConflict?: unknown
  /** MySQL's INSERT IGNORE, which adjusts invalid values instead of rejecting them. */
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

/** What Drizzle built one SQL object from. */
export type BuilderConfig =
  | { readonly kind: 'select'; readonly config: SelectConfig }
  | { readonly kind: 'insert'; readonly config: InsertConfig }
  | { readonly kind: 'update'; readonly config: UpdateConfig }
  | { readonly kind: 'delete'; readonly config: DeleteConfig }
  | { readonly kind: 'count'; readonly source: Source; readonly filters: unknown }
  | { readonly kind: 'refresh'; readonly view: unknown }
  /** The list after SET in an UPDATE or in ON CONFLICT DO UPDATE. */
  | { readonly kind: 'set'; readonly set: Readonly<Record<string, unknown>> }
  /** The root of a relational query of 0.45, which wraps another statement. */
  | {
      readonly kind: 'relational'
      readonly inner: BuilderConfig | undefined
      readonly shape: () => ResultShape | undefined
    }
  /** A relational query of 1.0, whose selects are not made by builders. */
  | { readonly kind: 'relations'; readonly shape: () => ResultShape | undefined }
