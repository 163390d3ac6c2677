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

/** What a set of columns is to the table; decides which tags a write must touch. */
export type KeyKind = 'primary' | 'unique' | 'foreign' | 'named'

/** A set of columns that reads can be pinned by. Column names are physical. */
export interface LookupKey {
  readonly kind: KeyKind
  readonly columns: readonly string[]
}

/** What the database does to a child row when the row it references goes or changes. */
export type Action = 'cascade' | 'set-null' | 'set-default' | 'restrict' | 'no-action'

/** A foreign key of the table that holds it, with the host's default actions resolved. */
export interface ForeignKey {
  readonly columns: readonly string[]
  readonly table: string
  readonly references: readonly string[]
  readonly onDelete: Action
  readonly onUpdate: Action
}

/** A physical table as a host knows it. */
export interface Table {
  /** Bare physical name (no schema prefix). */
  readonly name: string
  readonly columns: readonly Column[]
  /** Empty when the host has no key metadata: reads then depend on the whole table. */
  readonly keys: readonly LookupKey[]
  readonly foreignKeys: readonly ForeignKey[]
  /** Tables that triggers of this one write, wholly and invisibly. */
  readonly touches: readonly string[]
  /** Where this is a view: the tables it reads. A read of it depends on them too. */
  readonly reads: readonly string[]
  /**
   * Database schemas that it is declared in, `undefined` for the connection's own. Absent: the host does not say. No tag
   * has a schema in it: this is for whoever compares the table with the database.
   */
  readonly schemas?: readonly (string | undefined)[]
}

/**
 * All tables one client knows. `complete` is false when keys and actions are unknown
 * (no datamodel): every table reachable by `reachable` relations is then written wholly.
 */
export interface Schema {
  readonly tables: ReadonlyMap<string, Table>
}
