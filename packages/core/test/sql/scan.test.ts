import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SqlDialect } from '../../src/sql/dialect.ts'
import { type SqlKind, scanSql } from '../../src/sql/scan.ts'

type Row = [text: string, kind: SqlKind, locks?: boolean, dialect?: SqlDialect]

const rows: Row[] = [
  // reads
  ['SELECT 1', 'read'],
  ['select 1;', 'read'],
  ['  \n\t(SELECT 1) UNION (SELECT 2)', 'read'],
  ['((select 1))', 'read'],
  ['WITH x AS (SELECT 1) SELECT * FROM x', 'read'],
  ['VALUES (1), (2)', 'read'],
  ['SHOW search_path', 'read'],
  ['EXPLAIN SELECT 1', 'read'],
  ['EXPLAIN ANALYZE SELECT 1', 'read'],
  ['EXPLAIN (ANALYZE, BUFFERS) SELECT 1', 'read'],
  ['SELECT updated_at, deleted, inserted_by FROM t', 'read'],
  ['SELECT "update" FROM t', 'read'],
  ['SELECT `delete` FROM t', 'read'],
  ['SELECT [update] FROM t', 'read', false, 'sqlite'],
  ["SELECT * FROM t WHERE s = 'delete from x'", 'read'],
  ["SELECT 'it''s; DELETE FROM t'", 'read'],
  ['SELECT "a""; DELETE FROM t"', 'read'],
  ['-- delete\nSELECT 1', 'read'],
  ['/* update */ SELECT 1', 'read'],
  ['SELECT /* a /* nested update */ b */ 1', 'read', false, 'postgres'],
  ['SELECT $$delete from t$$', 'read', false, 'postgres'],
  ["SELECT $a$ it's $$ update $a$", 'read', false, 'postgres'],
  ["SELECT E'it\\'s; delete'", 'read', false, 'postgres'],
  ['SELECT $1, $2 FROM t WHERE a = $3', 'read'],
  ["SELECT replace(name, 'a', 'b') FROM t", 'read'],
  ['SELECT truncate(1.5, 1), insert (s, 1, 2, t) FROM x', 'read'],
  ["SELECT * FROM t WHERE a LIKE '%\\%%' ESCAPE '\\'", 'read', false, 'postgres'],
  ['# delete\nSELECT 1', 'read', false, 'mysql'],
  ["SELECT 'it\\'s; delete from t'", 'read', false, 'mysql'],
  ['SELECT 1; SELECT 2', 'read'],
  ['SELECT update$x, xdelete FROM t', 'read', false, 'postgres'],
  ["SELECT E'' AS e, e.e FROM e", 'read'],
  ['SELECT a[1] FROM t', 'read'],
  ['SELECT éupdate FROM t', 'read'],
  // locking reads
  ['SELECT * FROM t FOR UPDATE', 'read', true],
  ['select * from t for  update of t skip locked', 'read', true],
  ['SELECT * FROM t FOR NO KEY UPDATE', 'read', true],
  ['SELECT * FROM t FOR SHARE', 'read', true],
  ['SELECT * FROM t FOR KEY SHARE NOWAIT', 'read', true],
  ['SELECT * FROM t LOCK IN SHARE MODE', 'read', true],
  ['SELECT * FROM t FOR /* x */ UPDATE', 'read', true],
  ['SELECT * FROM t FOR -- x\n UPDATE', 'read', true],
  ['SELECT pg_advisory_xact_lock(1)', 'read', true],
  ['SELECT pg_try_advisory_lock(1)', 'read', true],
  ["SELECT GET_LOCK('a', 1)", 'read', true],
  ["SELECT 'for update'", 'read', false],
  ['SELECT share FROM t', 'read', false],
  // writes
  ['INSERT INTO t VALUES (1)', 'write'],
  ['update t set a = 1', 'write'],
  ['DELETE FROM t', 'write'],
  ['MERGE INTO t USING s ON true', 'write'],
  ['TRUNCATE t', 'write'],
  ['WITH x AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM x', 'write'],
  ['WITH x AS (SELECT 1) UPDATE t SET a = 1', 'write'],
  ['WITH d AS (DELETE FROM t RETURNING id) SELECT count(*) FROM d', 'write'],
  ['EXPLAIN ANALYZE UPDATE t SET a = 1', 'write'],
  ['EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1', 'write'],
  ['SELECT * INTO t FROM s', 'write'],
  ["SELECT 1 INTO OUTFILE '/tmp/x'", 'write'],
  ['CREATE TABLE t (id int)', 'write'],
  ['CALL p()', 'write'],
  ['DO $$ BEGIN DELETE FROM t; END $$', 'write'],
  ['COPY t FROM STDIN', 'write'],
  ['CREATE TRIGGER r AFTER INSERT ON t BEGIN DELETE FROM u; END', 'write'],
  ['CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END;', 'write'],
  ['REPLACE INTO t VALUES (1)', 'write'],
  ['WITH x AS (SELECT 1) REPLACE t SELECT * FROM x', 'write'],
  ['REFRESH MATERIALIZED VIEW v', 'write'],
  ['SELECT 1; DELETE FROM t', 'write'],
  ['SELECT * FROM t FOR UPDATE; UPDATE t SET a = 1', 'write', true],
  ['PRAGMA user_version = 1', 'write'],
  ['PREPARE p AS SELECT 1', 'write'],
  ['EXECUTE p', 'write'],
  // what writes nothing in one dialect, and is not known to in another or in none
  ['LOCK TABLE t IN SHARE MODE', 'write', true],
  ['VACUUM', 'write', false, 'sqlite'],
  ['VACUUM', 'write'],
  ['LOCK TABLES t WRITE', 'write', true, 'sqlite'],
  ['DECLARE x INT', 'write', false, 'mysql'],
  ['REPAIR TABLE t', 'write', false, 'mysql'],
  ['GRANT SELECT ON t TO u', 'write', false, 'postgres'],
  ['REVOKE SELECT ON t FROM u', 'write', false, 'postgres'],
  // what is run to be measured
  ['EXPLAIN (ANALYZE) DELETE FROM t', 'write', false, 'postgres'],
  ['EXPLAIN ("analyze") DELETE FROM t', 'write', false, 'postgres'],
  ['EXPLAIN VERBOSE ANALYZE DELETE FROM t', 'write'],
  ['DESC ANALYZE DELETE FROM t', 'write', false, 'mysql'],
  ['ANALYZE DELETE FROM t', 'write', false, 'mysql'],
  ['ANALYZE FORMAT=JSON UPDATE t SET a = 1', 'write', false, 'mysql'],
  ['LISTEN a; DELETE FROM t', 'write', false, 'postgres'],
  ["COMMIT PREPARED 'x'", 'write'],
  ['', 'write'],
  ['-- nothing', 'write'],
  [';;', 'write'],
  ['START REPLICA', 'write'],
  ['SET x = (SELECT 1); UPDATE t SET a = 1', 'write'],
  // what does not end, or may be read in two ways
  ["SELECT 'abc", 'write'],
  ['SELECT "abc', 'write'],
  ['SELECT /* abc', 'write'],
  ['SELECT $$abc', 'write', false, 'postgres'],
  ['SELECT /* a /* b */ 1', 'write', false, 'postgres'],
  ['SELECT 1 /*! INTO OUTFILE "x" */', 'write'],
  ["SELECT 'a\\'; DELETE FROM t; --'", 'write'],
  ['SELECT 1 --1; DELETE FROM t', 'write'],
  ['SELECT 1 # 2; DELETE FROM t', 'write'],
  ["SELECT [a'b] FROM t; DELETE FROM t WHERE n = 'c'", 'write'],
  ['SELECT /* /* */ 1; DELETE FROM t -- */ */', 'write'],
  ["SELECT $$'$$; DELETE FROM t WHERE a = '$$'", 'write'],
  ["SELECT 1$a$'$a$; DELETE FROM t; SELECT ''", 'write'],
  // transactions
  ['BEGIN', 'begin'],
  ['begin isolation level serializable', 'begin'],
  ['START TRANSACTION READ ONLY', 'begin'],
  ['SET TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'begin'],
  ['SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY', 'session'],
  ['SET autocommit = 0', 'begin'],
  ['SET @@session.autocommit=0', 'begin'],
  ['SET autocommit=1', 'end'],
  ['COMMIT', 'end'],
  ['commit work;', 'end'],
  ['END', 'end'],
  ['ROLLBACK', 'end'],
  ['ABORT', 'end'],
  ['COMMIT AND CHAIN', 'begin'],
  ['COMMIT AND NO CHAIN', 'end'],
  ["PREPARE TRANSACTION 'x'", 'end'],
  ["ROLLBACK PREPARED 'x'", 'end'],
  ['SAVEPOINT s', 'savepoint'],
  ['RELEASE SAVEPOINT s', 'savepoint'],
  ['ROLLBACK TO SAVEPOINT s', 'savepoint'],
  ['ROLLBACK WORK TO s', 'savepoint'],
  ['/* c */ BEGIN; SELECT 1', 'begin'],
  ['BEGIN; SELECT 1; COMMIT', 'read'],
  ['COMMIT; BEGIN', 'begin'],
  // plans
  ['EXPLAIN DELETE FROM t', 'read'],
  ['EXPLAIN VERBOSE INSERT INTO t VALUES (1)', 'read'],
  ['EXPLAIN QUERY PLAN UPDATE t SET a = 1', 'read', false, 'sqlite'],
  ['EXPLAIN FORMAT=JSON UPDATE t SET a = 1', 'read', false, 'mysql'],
  ['DESCRIBE t', 'read', false, 'mysql'],
  ['TABLE t', 'read'],
  ["TABLE t INTO OUTFILE '/tmp/x'", 'write'],
  // what writes nothing
  ['ANALYZE t', 'session'],
  ['LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE', 'session', true, 'postgres'],
  ['LOCK TABLES t WRITE', 'session', true, 'mysql'],
  ['UNLOCK TABLES', 'session', false, 'mysql'],
  ['LISTEN a', 'session', false, 'postgres'],
  ["NOTIFY a, 'insert into t'", 'session', false, 'postgres'],
  ['VACUUM (TRUNCATE false, ANALYZE) t', 'session', false, 'postgres'],
  ['PREPARE p AS DELETE FROM t', 'session', false, 'postgres'],
  ["PREPARE p FROM 'DELETE FROM t'", 'session', false, 'mysql'],
  ["COMMENT ON TABLE t IS 'delete from t'", 'session', false, 'postgres'],
  ['DECLARE c CURSOR FOR SELECT * FROM t', 'session', false, 'postgres'],
  ['FETCH 5 FROM c', 'session', false, 'postgres'],
  // settings
  ['SET search_path = app', 'session'],
  ["SET LOCAL app.tenant = '5'", 'session'],
  ['RESET ALL', 'session'],
  ['USE shop', 'session'],
  ['DISCARD ALL', 'session'],
]

describe('scanSql', () => {
  it.each(rows)('%s → %s', (text, kind, locks = false, dialect) => {
    const scan = scanSql(text, dialect)
    expect(scan).toMatchObject({ kind, locks })
    if (kind === 'write') expect(scan.writes).toBe(true)
    if (kind === 'read') expect(scan.writes).toBe(false)
  })

  it.each<[string, SqlKind]>([
    ['BEGIN; UPDATE t SET a = 1', 'begin'],
    ['UPDATE t SET a = 1; COMMIT', 'end'],
    ['BEGIN; UPDATE t SET a = 1; COMMIT', 'write'],
    ['COMMIT; DELETE FROM t', 'end'],
    ['SAVEPOINT s; DELETE FROM t', 'write'],
  ])('%s is %s and writes', (text, kind) => expect(scanSql(text)).toMatchObject({ kind, writes: true }))

  it('a write is recognized whatever comments and blanks surround it', () => {
    const blank = fc.constantFrom(' ', '\n', '\t', ' /* select */ ', ' -- it\n', '\r\n')
    const write = fc.constantFrom(
      'DELETE FROM t',
      'UPDATE t SET a = 1',
      'INSERT INTO t VALUES (1)',
      'SELECT 1 INTO t',
    )
    fc.assert(
      fc.property(fc.array(blank), write, fc.array(blank), (before, text, after) => {
        expect(
          scanSql(before.join('') + text.split(' ').join(after.join('') || ' ') + after.join('')).writes,
        ).toBe(true)
      }),
    )
  })

  it('a quoted value neither turns a read into a write nor hides a write', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const quoted = `'${value.replaceAll("'", "''")}'`
        expect(scanSql(`SELECT ${quoted}`, 'postgres').kind).toBe('read')
        expect(scanSql(`SELECT ${quoted}; DELETE FROM t`).writes).toBe(true)
      }),
    )
  })
})
