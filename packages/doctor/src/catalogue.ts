import type { Action, ColumnType, SqlDialect } from '@larder/core/host'

/** What a database says of itself, as far as freshness depends on it. Names as the database spells them. */
export interface Catalogue {
  readonly dialect: SqlDialect
  readonly relations: readonly Relation[]
  /** Settings of a session as the application would have it, by name; values as the server prints them. */
  readonly settings: Readonly<Record<string, string>>
  /** The server replays another one's writes. */
  readonly standby: boolean
  /** Statements that the server runs by itself, on a schedule. */
  readonly jobs: readonly string[]
  /** What the user of this connection may not see, where there is any. */
  readonly unseen: readonly string[]
}

export type RelationKind =
  | 'table'
  | 'partitioned'
  | 'view'
  | 'materialized-view'
  | 'foreign-table'
  | 'virtual'

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
  /** Of a view: what it reads, by name; undefined where that cannot be told. */
  readonly reads: readonly string[] | undefined
  readonly rowSecurity: boolean
  /** Filled by logical replication. */
  readonly subscribed: boolean
  /** What keeps its rows, where that knows no transactions. */
  readonly untransactional: string | undefined
}

/** What most relations are not: for those who describe the others. */
export const PLAIN: Pick<Relation, 'rules' | 'parent' | 'rowSecurity' | 'subscribed' | 'untransactional'> = {
  rules: [],
  parent: undefined,
  rowSecurity: false,
  subscribed: false,
  untransactional: undefined,
}

export interface CatalogueColumn {
  readonly name: string
  /** As the database calls it. */
  readonly type: string
  /** Declared types whose equality is at least as wide as this one's. */
  readonly comparesAs: readonly ColumnType[]
  /** How the database changes it in writes that do not name it. */
  readonly changes: 'generated' | 'on-update' | undefined
  /** It gets a value, other than NULL, in an INSERT that does not name it. */
  readonly hasDefault: boolean
  /** Its collation, where by that more texts are equal than case, accents and trailing spaces make. */
  readonly wide: string | undefined
  /** MySQL and MariaDB: the collation of a text column. */
  readonly collation?: string | undefined
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
  /** When it runs, or what. */
  readonly does: string
  /**
   * Columns of the row being written that it changes, where its text shows that it writes nothing else. Absent: nothing is
   * known of what it writes.
   */
  readonly changes?: readonly string[]
}
