import type { Action } from '@larder/core'

/** What a database says of itself, as far as freshness depends on it. Names as the database spells them. */
export interface Catalogue {
  readonly relations: readonly Relation[]
  /** Settings of a session as the application would have it, by name; values as the server prints them. */
  readonly settings: Readonly<Record<string, string>>
  /** The server replays another one's writes. */
  readonly standby: boolean
}

export type RelationKind = 'table' | 'partitioned' | 'view' | 'materialized-view' | 'foreign-table'

/** A table or a view. */
export interface Relation {
  readonly schema: string
  readonly name: string
  readonly kind: RelationKind
  readonly columns: readonly CatalogueColumn[]
  /** Unique indexes over plain columns and all rows. */
  readonly uniques: readonly (readonly string[])[]
  readonly foreignKeys: readonly CatalogueForeignKey[]
  readonly triggers: readonly Trigger[]
  /** Rewrite rules other than a view's own. */
  readonly rules: readonly string[]
  /** The relation whose rows this one's are part of: a partition's table, or what it inherits from. */
  readonly parent: string | undefined
  /** Of a view: what it reads, by name. */
  readonly reads: readonly string[]
  readonly rowSecurity: boolean
  /** Filled by logical replication. */
  readonly subscribed: boolean
}

export interface CatalogueColumn {
  readonly name: string
  readonly type: string
  readonly generated: boolean
  /** Equality of its collation is wider than equal bytes. */
  readonly nondeterministic: boolean
  readonly isEnum: boolean
}

export interface CatalogueForeignKey {
  readonly name: string
  readonly columns: readonly string[]
  readonly table: string
  readonly references: readonly string[]
  readonly onDelete: Action
  readonly onUpdate: Action
}

export interface Trigger {
  readonly name: string
  readonly runs: string
}
