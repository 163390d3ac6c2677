// Columns get names here, because MySQL 8 and MariaDB spell those of information_schema differently.
const OURS = `TABLE_SCHEMA NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')`
const RELATION = `CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) AS relation`

/** Relations, those of the connection's own database first: if a name occurs twice, the first is meant. */
export const RELATIONS: string = `
  SELECT ${RELATION}, TABLE_SCHEMA AS db, TABLE_NAME AS name, TABLE_TYPE AS kind, t.ENGINE AS engine,
    e.TRANSACTIONS AS transactional
  FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
  WHERE ${OURS} AND TABLE_TYPE <> 'SEQUENCE'
  ORDER BY TABLE_SCHEMA <=> DATABASE() DESC, TABLE_SCHEMA, TABLE_NAME`

export const COLUMNS: string = `
  SELECT ${RELATION}, COLUMN_NAME AS name, DATA_TYPE AS type, COLUMN_TYPE AS written, COLLATION_NAME AS collation_name,
    COLUMN_DEFAULT AS default_value, EXTRA AS extra
  FROM information_schema.COLUMNS WHERE ${OURS} ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION`

/** The column of an expression has no name. */
export const UNIQUES: string = `
  SELECT ${RELATION}, INDEX_NAME AS name, COLUMN_NAME AS column_name
  FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND ${OURS}
  ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`

export const FOREIGN_KEYS: string = `
  SELECT CONCAT(k.TABLE_SCHEMA, '.', k.TABLE_NAME) AS relation, k.CONSTRAINT_NAME AS name, k.COLUMN_NAME AS column_name,
    k.REFERENCED_TABLE_NAME AS target, k.REFERENCED_COLUMN_NAME AS target_column,
    r.DELETE_RULE AS on_delete, r.UPDATE_RULE AS on_update
  FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
    ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
  WHERE k.REFERENCED_TABLE_NAME IS NOT NULL AND k.${OURS}
  ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`

export const TRIGGERS: string = `
  SELECT CONCAT(EVENT_OBJECT_SCHEMA, '.', EVENT_OBJECT_TABLE) AS relation, TRIGGER_NAME AS name,
    CONCAT(ACTION_TIMING, ' ', EVENT_MANIPULATION) AS does, ACTION_STATEMENT AS body
  FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA NOT IN ('mysql', 'sys') ORDER BY TRIGGER_SCHEMA, TRIGGER_NAME`

export const VIEWS: string = `
  SELECT ${RELATION}, VIEW_DEFINITION AS definition FROM information_schema.VIEWS WHERE ${OURS}`

export const EVENTS: string = `
  SELECT EVENT_NAME AS name FROM information_schema.EVENTS
  WHERE EVENT_SCHEMA <=> DATABASE() AND STATUS = 'ENABLED' ORDER BY EVENT_NAME`

/** Rights that make more visible, if they were granted to the user and not to a role. */
export const RIGHTS: string = `
  SELECT PRIVILEGE_TYPE AS name FROM information_schema.USER_PRIVILEGES
  WHERE GRANTEE = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')
  UNION SELECT PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES
  WHERE GRANTEE = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''') AND DATABASE() LIKE TABLE_SCHEMA`

const NAMES = [
  ...[
    'read_only',
    'super_read_only',
    'innodb_read_only',
    'tx_isolation',
    'transaction_isolation',
    'autocommit',
  ],
  ...['foreign_key_checks', 'innodb_lock_wait_timeout', 'lock_wait_timeout', 'max_statement_time'],
  ...['innodb_flush_log_at_trx_commit', 'event_scheduler', 'wsrep_on', 'wsrep_sync_wait'],
  ...['sql_mode'],
  ...['group_replication_group_name', 'group_replication_consistency'],
]
export const SETTINGS: string = `SHOW VARIABLES WHERE Variable_name IN (${NAMES.map((name) => `'${name}'`).join(', ')})`

/** The first one is used that the server supports and the user may run. */
export const REPLICATION: readonly string[] = [
  'SHOW ALL SLAVES STATUS',
  'SHOW REPLICA STATUS',
  'SHOW SLAVE STATUS',
]
