const OURS = `m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`

export const RELATIONS: string = `
  SELECT m.name AS relation, m.type AS type, m.sql AS sql, l.type AS kind
  FROM sqlite_schema m JOIN pragma_table_list l ON l.name = m.name AND l.schema = 'main'
  WHERE m.type IN ('table', 'view') AND ${OURS} ORDER BY m.name`

/** `hidden`: 2 and 3 are generated columns, 1 is an internal column of a virtual table. */
export const COLUMNS: string = `
  SELECT m.name AS relation, c.name AS name, c.type AS type, c.hidden AS hidden, c.pk AS pk, c.dflt_value AS default_value
  FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) c
  WHERE m.type IN ('table', 'view') AND ${OURS} AND c.hidden <> 1 ORDER BY m.name, c.cid`

/** The column of an expression, and the rowid, have no name. */
export const UNIQUES: string = `
  SELECT m.name AS relation, i.name AS name, c.name AS column_name
  FROM sqlite_schema m JOIN pragma_index_list(m.name) i JOIN pragma_index_xinfo(i.name) c
  WHERE m.type = 'table' AND ${OURS} AND i."unique" AND NOT i.partial AND c.key ORDER BY m.name, i.name, c.seqno`

export const FOREIGN_KEYS: string = `
  SELECT m.name AS relation, k.id AS id, k."table" AS target, k."from" AS column_name, k."to" AS target_column,
    k.on_delete AS on_delete, k.on_update AS on_update
  FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) k
  WHERE m.type = 'table' AND ${OURS} ORDER BY m.name, k.id, k.seq`

export const TRIGGERS: string = `
  SELECT m.tbl_name AS relation, m.name AS name, m.sql AS sql FROM sqlite_schema m WHERE m.type = 'trigger' ORDER BY m.name`

/** The root pages of tables and indexes. */
export const ROOTS: string = `SELECT rootpage, tbl_name FROM sqlite_schema WHERE rootpage > 0`

export const FOREIGN_KEYS_ON: string = 'PRAGMA foreign_keys'
