import type { Action, ColumnType, SqlDialect } from '@larder/core/host'

/** What a database says about itself, as far as freshness depends on it. Names are spelled as in the database. */
export interface Catalogue {
  readonly dialect: SqlDialect
  readonly relations: readonly Relation[]
  /** Settings of a new session, by name. Values are as the server prints them. */
  readonly settings: Readonly<Record<string, string>>
  /** The server replays the writes of another one. */
  readonly standby: boolean
  /** Names of statements that the server runs on a schedule. */
  readonly jobs: readonly string[]
  /** What the user of this connection is not allowed to see. */
  readonly unseen: readonly string[]
}

/** What kind of table or view a relation is. */
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
  /** Columns of unique indexes over plain columns and all rows. */
  readonly uniques: readonly (readonly string[])[]
  readonly foreignKeys: readonly CatalogueForeignKey[]
  readonly triggers: readonly Trigger[]
  /** Rewrite rules other than a view's own. */
  readonly rules: readonly string[]
  /** The relation that contains the rows of this one: the table of a partition, or the parent it inherits from. */
  readonly parent: string | undefined
  /** The names of what a view reads; undefined if that is not known. */
  readonly reads: readonly string[] | undefined
  readonly rowSecurity: boolean
  /** Filled by logical replication. */
  readonly subscribed: boolean
  /** The storage engine, if it has no transactions. */
  readonly untransactional: string | undefined
}

/** Defaults for fields that describe special relations. */
export const ORDINARY: Pick<Relation, 'rules' | 'parent' | 'rowSecurity' | 'subscribed' | 'untransactional'> =
  {
    rules: [],
    parent: undefined,
    rowSecurity: false,
    subscribed: false,
    untransactional: undefined,
  }

/** A column as the database has it. */
export interface CatalogueColumn {
  readonly name: string
  /** The type's name in the database. */
  readonly type: string
  /** Declared types under which at least as many values are equal as under this one. */
  readonly comparesAs: readonly ColumnType[]
  /** How the database changes it in writes that do not name it. */
  readonly changes: 'generated' | 'on-update' | undefined
  /** An INSERT that does not name it gives it a value other than NULL. */
  readonly hasDefault: boolean
  /** Its collation, if more texts are equal under it than by case, accents and trailing spaces. */
  readonly wide: string | undefined
  /** MySQL and MariaDB: the collation of a text column. */
  readonly collation?: string | undefined
}

/** A foreign key as the database enforces it. */
export interface CatalogueForeignKey {
  readonly name: string
  readonly columns: readonly string[]
  readonly table: string
  readonly references: readonly string[]
  readonly onDelete: Action
  readonly onUpdate: Action
}

/** A trigger of a table. */
export interface Trigger {
  readonly name: string
  /** When it runs, or what it runs. */
  readonly does: string
  /**
   * The columns of the written row that it changes, if its text shows that it changes nothing else. Absent if it is not
   * known what it writes.
   */
  readonly changes?: readonly string[]
}
