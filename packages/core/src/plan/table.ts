/**
 * The canonical type of a column: what decides whether equality on it can name rows.
 * `other` (numeric, float, time, bytes, json, arrays, custom types) never pins.
 * `opaque-text` is text whose equality is wider than Larder's folding (MySQL's default collations,
 * nondeterministic ICU collations): it never pins either.
 * `ascii-text` is text whose equality is known among values of printable ASCII: any other value is unknown.
 */
export type ColumnType =
  | 'integer'
  | 'uuid'
  | 'boolean'
  | 'enum'
  | 'text'
  | 'ascii-text'
  | 'opaque-text'
  | 'other'

/** A physical column. */
export interface Column {
  /** Physical name in the database. */
  readonly name: string
  readonly type: ColumnType
  readonly nullable: boolean
  /** The database fills it when an INSERT omits it (a default, a sequence, an identity). */
  readonly hasDefault: boolean
  /** The database may change it in any write (a generated column, `ON UPDATE`, a trigger). */
  readonly generated: boolean
}

/** The role of a set of columns. It determines which tags a write changes. */
export type KeyKind = 'primary' | 'unique' | 'foreign' | 'named'

/** A set of columns by which reads look up rows. Column names are physical. */
export interface LookupKey {
  readonly kind: KeyKind
  readonly columns: readonly string[]
}

/** What the database does to a row when the row that it references is deleted or changes its key. */
export type Action = 'cascade' | 'set-null' | 'set-default' | 'restrict' | 'no-action'

/** A foreign key, with the ORM's default actions filled in. */
export interface ForeignKey {
  readonly columns: readonly string[]
  readonly table: string
  readonly references: readonly string[]
  readonly onDelete: Action
  readonly onUpdate: Action
}

/** A physical table as an ORM adapter describes it. */
export interface Table {
  /** Bare physical name (no schema prefix). */
  readonly name: string
  readonly columns: readonly Column[]
  /** Empty if the adapter knows no keys. Reads then depend on the whole table. */
  readonly keys: readonly LookupKey[]
  readonly foreignKeys: readonly ForeignKey[]
  /** Tables that triggers on this table write to. Any of their rows may change. */
  readonly touches: readonly string[]
  /** If this is a view: the tables it reads. A read of the view depends on them too. */
  readonly reads: readonly string[]
  /**
   * Database schemas that declare the table; `undefined` stands for the connection's own. Absent if the adapter does not
   * know. Tags do not contain schemas: only the doctor uses them, to compare the table with the database.
   */
  readonly schemas?: readonly (string | undefined)[]
}

/** All tables of one client, by their bare names in lower case. */
export interface Schema {
  readonly tables: ReadonlyMap<string, Table>
}
