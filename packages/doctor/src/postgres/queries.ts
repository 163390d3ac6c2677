const OURS = `n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'`

/** Relations in the order of the search path: if a name occurs twice, the application means the first. */
export const RELATIONS: string = `
  SELECT c.oid::int8 AS relation, n.nspname AS schema, c.relname AS name, c.relkind AS kind, c.relrowsecurity AS secured,
    (SELECT p.relname FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent WHERE i.inhrelid = c.oid
     ORDER BY i.inhseqno LIMIT 1) AS parent,
    EXISTS (SELECT FROM pg_subscription_rel s WHERE s.srrelid = c.oid) AS subscribed
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${OURS}
  ORDER BY array_position(current_schemas(false), n.nspname) NULLS LAST, n.nspname, c.relname`

export const COLUMNS: string = `
  SELECT a.attrelid::int8 AS relation, a.attname AS name, format_type(t.oid, NULL) AS type, a.attgenerated <> '' AS generated,
    CASE WHEN NOT l.collisdeterministic THEN l.collname END AS wide, t.typtype = 'e' AS enumeration,
    a.attgenerated = '' AND (a.atthasdef OR a.attidentity <> '' OR d.typdefault IS NOT NULL) AS filled
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_type d ON d.oid = a.atttypid
  JOIN pg_type t ON t.oid = CASE WHEN d.typtype = 'd' THEN d.typbasetype ELSE d.oid END
  LEFT JOIN pg_collation l ON l.oid = a.attcollation
  WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${OURS}
  ORDER BY a.attrelid, a.attnum`

/** Unique indexes over all rows. */
export const UNIQUES: string = `
  SELECT i.indrelid::int8 AS relation, array_agg(a.attname::text ORDER BY k.place) AS columns
  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
  WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND k.place <= i.indnkeyatts AND ${OURS}
  GROUP BY i.indexrelid, i.indrelid`

export const FOREIGN_KEYS: string = `
  SELECT k.conrelid::int8 AS relation, k.conname AS name, p.relname AS target, k.confdeltype AS on_delete, k.confupdtype AS on_update,
    (SELECT array_agg(a.attname::text ORDER BY u.place) FROM unnest(k.conkey) WITH ORDINALITY u (number, place)
     JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number) AS columns,
    (SELECT array_agg(a.attname::text ORDER BY u.place) FROM unnest(k.confkey) WITH ORDINALITY u (number, place)
     JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number) AS targets
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class p ON p.oid = k.confrelid
  WHERE k.contype = 'f' AND ${OURS}
  ORDER BY k.conrelid, k.conname`

export const TRIGGERS: string = `
  SELECT t.tgrelid::int8 AS relation, t.tgname AS name, t.tgfoid::regproc::text AS runs,
    CASE WHEN l.lanname = 'plpgsql' AND t.tgtype & 64 = 0 THEN f.prosrc END AS body
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_proc f ON f.oid = t.tgfoid JOIN pg_language l ON l.oid = f.prolang
  WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND ${OURS}
  ORDER BY t.tgrelid, t.tgname`

export const RULES: string = `
  SELECT r.ev_class::int8 AS relation, r.rulename AS name
  FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE r.rulename <> '_RETURN' AND r.ev_enabled <> 'D' AND ${OURS}
  ORDER BY r.ev_class, r.rulename`

/** What a view names directly. Views among those have rows of their own here. */
export const READS: string = `
  SELECT DISTINCT r.ev_class::int8 AS relation, s.relname AS name
  FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
  JOIN pg_class s ON s.oid = d.refobjid AND s.oid <> r.ev_class
  WHERE r.rulename = '_RETURN' AND s.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${OURS}
  ORDER BY 1, 2`

export const SETTINGS: string = `
  SELECT name, current_setting(name) AS value FROM pg_settings
  WHERE name IN ('statement_timeout', 'client_connection_check_interval', 'synchronous_commit', 'fsync')`

export const STANDBY: string = 'SELECT pg_is_in_recovery() AS standby'
