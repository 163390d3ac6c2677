import { loadModule, parseSync } from 'libpg-query'
import { beforeAll, describe, expect, it, test } from 'vitest'
import { tablesWritten } from '../../src/sql/written.ts'

beforeAll(() => loadModule())

const written = (text: string): string => {
  const { tables, complete } = tablesWritten(parseSync(text))
  return [...[...tables].sort(), ...(complete ? [] : ['…'])].join(' ')
}

/** A text, and the tables it writes; `…` where it may write others. */
type Row = [text: string, tables: string]

const targets: Row[] = [
  ['INSERT INTO a VALUES (1)', 'a'],
  ['INSERT INTO a (x) SELECT x FROM b', 'a'],
  ['INSERT INTO a SELECT * FROM unnest($1::int[], $2::text[])', 'a'],
  ['INSERT INTO a VALUES (1) ON CONFLICT (x) DO UPDATE SET y = excluded.y WHERE a.z > 1 RETURNING *', 'a'],
  ['INSERT INTO a DEFAULT VALUES', 'a'],
  ['UPDATE a SET x = 1', 'a'],
  ['UPDATE ONLY a SET x = 1', 'a'],
  ['UPDATE a AS b SET x = c.x FROM c JOIN d ON c.id = d.id WHERE b.id = c.id', 'a'],
  ['UPDATE a SET (x, y) = (SELECT x, y FROM b LIMIT 1), z[1] = 2, w.f = DEFAULT', 'a'],
  ['DELETE FROM a', 'a'],
  ['DELETE FROM ONLY a USING b WHERE a.id = b.id RETURNING a.*', 'a'],
  ['DELETE FROM a WHERE CURRENT OF c', 'a'],
  [
    'MERGE INTO a USING b ON a.id = b.id WHEN MATCHED AND b.gone THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (b.id)',
    'a',
  ],
  [
    'MERGE INTO a USING b ON true WHEN NOT MATCHED BY SOURCE THEN UPDATE SET x = 1 RETURNING merge_action(), a.*',
    'a',
  ],
  ['TRUNCATE a', 'a'],
  ['TRUNCATE TABLE ONLY a, s.b RESTART IDENTITY', 'a b'],
  ['REFRESH MATERIALIZED VIEW CONCURRENTLY a', 'a'],
  ['EXPLAIN ANALYZE UPDATE a SET x = 1', 'a'],
  ['EXPLAIN (ANALYZE, COSTS off) DELETE FROM a', 'a'],
  // names
  ['UPDATE s.a SET x = 1', 'a'],
  ['UPDATE d.s.a SET x = 1', 'a'],
  ['UPDATE A SET x = 1', 'a'],
  ['UPDATE "A" SET x = 1', 'a'],
  ['UPDATE "S"."Order Line" SET x = 1', 'order line'],
  ['UPDATE "a.b""c" SET x = 1', 'a.b"c'],
  ['UPDATE U&"\\0061" SET x = 1', 'a'],
  ['UPDATE/* UPDATE b */a--\nSET x = $$DELETE FROM c$$', 'a'],
  // CTEs
  ['WITH x AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM x', 'a b'],
  ['WITH x AS (UPDATE a SET y = 1 RETURNING *) SELECT * FROM x', 'a'],
  ['WITH x AS MATERIALIZED (SELECT 1), y AS (INSERT INTO a VALUES (1) RETURNING *) SELECT * FROM x, y', 'a'],
  ['WITH a AS (SELECT 1 AS x) DELETE FROM b WHERE x IN (SELECT x FROM a)', 'b'],
  ['INSERT INTO a WITH x AS (DELETE FROM b RETURNING *) SELECT * FROM x', 'a b'],
  [
    'WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 9) UPDATE a SET x = n FROM t',
    'a',
  ],
  // several statements
  ['UPDATE a SET x = 1; DELETE FROM b;', 'a b'],
  ['BEGIN; UPDATE a SET x = 1; SAVEPOINT p; ROLLBACK TO p; RELEASE p; COMMIT AND CHAIN', 'a'],
  ['START TRANSACTION ISOLATION LEVEL SERIALIZABLE; LOCK TABLE b; SET LOCAL x = 1; DELETE FROM a; END', 'a'],
  // expressions
  [
    `UPDATE a SET x = CASE WHEN y IS NULL THEN 1 ELSE greatest(1, y) END, z = coalesce(z, nullif(w, '')) || lower(w),
     t = now() - interval '1 day', u = current_date, v = ARRAY[1, 2], s = substring(s from 1 for 2), r = ROW(1, 2)
     WHERE id = ANY($1) AND s ILIKE '%' ESCAPE '!' AND t BETWEEN $2 AND $3 AND NOT EXISTS (SELECT FROM b FOR UPDATE)
     AND extract(year from t) = 1 AND s COLLATE "C" > 'a' AND t AT TIME ZONE 'UTC' < now() AND y IS DISTINCT FROM 2`,
    'a',
  ],
  [
    "UPDATE a SET j = jsonb_set(j, '{a,b}', to_jsonb($1::text)), k = pg_catalog.lower(k), n = n OPERATOR(pg_catalog.+) 1",
    'a',
  ],
  [
    `INSERT INTO a SELECT id, row_number() OVER w, count(*) FILTER (WHERE x > 1), sum(DISTINCT x), rank() OVER (ORDER BY x)
     FROM b TABLESAMPLE system (10) LEFT JOIN LATERAL (SELECT 1) c ON true CROSS JOIN generate_series(1, 3)
     GROUP BY GROUPING SETS ((id), ()) HAVING count(*) > 1 WINDOW w AS (PARTITION BY id) ORDER BY 1 USING < LIMIT 3`,
    'a',
  ],
  [
    "INSERT INTO a SELECT * FROM json_to_recordset($1) AS x(id int, name text) UNION ALL (TABLE b) EXCEPT VALUES (1, 'x')",
    'a',
  ],
  ["INSERT INTO a (j) VALUES (JSON_OBJECT('x': 1)), (JSON_ARRAY(1, 2)), (xmlelement(name x))", 'a'],
  ["INSERT INTO a SELECT * FROM JSON_TABLE($1, '$[*]' COLUMNS (id int PATH '$.id'))", 'a'],
  ["INSERT INTO a (id) VALUES (nextval('a_id_seq')), (gen_random_uuid())", 'a'],
]

const incomplete: Row[] = [
  // functions of anybody's
  ['UPDATE a SET x = reprice(1)', 'a …'],
  ['UPDATE a SET x = "Lower"(x)', 'a …'],
  ['UPDATE a SET x = public.lower(x)', 'a …'],
  ['INSERT INTO a SELECT f.* FROM reprice(1) f', 'a …'],
  ['DELETE FROM a WHERE id IN (SELECT gone(id) FROM b)', 'a …'],
  ['DELETE FROM a RETURNING reprice(id)', 'a …'],
  ['INSERT INTO a VALUES (1) ON CONFLICT (x) DO UPDATE SET x = reprice(1)', 'a …'],
  ['INSERT INTO a VALUES (1) ON CONFLICT (reprice(x)) DO NOTHING', 'a …'],
  ['MERGE INTO a USING b ON true WHEN MATCHED THEN UPDATE SET x = reprice(1)', 'a …'],
  ['UPDATE a SET x = 1; SELECT reprice(1)', 'a …'],
  ['WITH x AS (SELECT reprice(1)) DELETE FROM a', 'a …'],
  ['UPDATE a SET x = y OPERATOR(public.+) 1', 'a …'],
  ['UPDATE a SET x = 1 WHERE y OPERATOR(public.=) ANY (SELECT 1)', 'a …'],
  ['INSERT INTO a SELECT * FROM b ORDER BY 1 USING OPERATOR(public.<)', 'a …'],
  ["UPDATE a SET x = (query_to_xml('DELETE FROM b', true, true, ''))::text", 'a …'],
  ['UPDATE a SET x = sum(y) OVER (ORDER BY reprice(z)) FROM b', 'a …'],
  // what reaches further than it names
  ['TRUNCATE a CASCADE', 'a …'],
  ['SELECT * INTO b FROM a', '…'],
  ['WITH x AS (DELETE FROM a RETURNING *) SELECT * INTO b FROM x', 'a …'],
  ['CREATE TABLE b AS SELECT * FROM a', '…'],
  ['EXPLAIN ANALYZE CREATE TABLE b AS SELECT * FROM a', '…'],
  ['EXPLAIN ANALYZE EXECUTE p', '…'],
  ['DO $$ BEGIN DELETE FROM a; END $$', '…'],
  ['CALL p(1)', '…'],
  ['PREPARE p AS DELETE FROM a', 'a …'],
  ['EXECUTE p', '…'],
  ["COPY a FROM '/tmp/x'", '…'],
  ['COPY (DELETE FROM a RETURNING *) TO STDOUT', 'a …'],
  ['DECLARE c CURSOR FOR SELECT 1', '…'],
  ['ALTER TABLE a ADD COLUMN x int', '…'],
  ['DROP TABLE a', '…'],
  ['CREATE RULE r AS ON INSERT TO a DO ALSO DELETE FROM b', 'b …'],
  ['ALTER TABLE a ATTACH PARTITION b DEFAULT', '…'],
  ["COMMIT PREPARED 'x'", '…'],
  ["PREPARE TRANSACTION 'x'", '…'],
  ['CLUSTER a', '…'],
  ['VACUUM a', '…'],
  ['UPDATE a SET x = 1; DROP TABLE b', 'a …'],
]

const nothing: Row[] = [
  ['SELECT * FROM a FOR UPDATE', ''],
  ['LOCK TABLE a', ''],
  ['COMMIT', ''],
  ['SET x = 1', ''],
]

describe('the parser of written tables', () => {
  test.each(targets)('finds all tables of %s', (text, tables) => {
    expect(written(text)).toBe(tables)
  })

  test.each(incomplete)('reports that it may miss tables of %s', (text, tables) => {
    expect(written(text)).toBe(tables)
  })

  test.each(nothing)('finds no table in %s', (text, tables) => {
    expect(written(text)).toBe(tables)
  })

  it('finds the tables in a tree of any depth', () => {
    let tree: unknown = { FuncCall: { funcname: [{ String: { sval: 'reprice' } }] } }
    for (let depth = 0; depth < 100_000; depth++) tree = { BoolExpr: { args: [tree] } }
    const stmt = { DeleteStmt: { relation: { relname: 'A' }, whereClause: tree } }
    expect(tablesWritten({ stmts: [{ stmt }] })).toEqual({ tables: ['a'], complete: false })
  })

  test.each([
    { tree: undefined },
    { tree: null },
    { tree: {} },
    { tree: [] },
    { tree: { stmts: 1 } },
    { tree: { stmts: [null, { stmt: null }] } },
  ])('finds no table in the malformed tree %j', ({ tree }) => {
    expect(tablesWritten(tree)).toEqual({ tables: [], complete: true })
  })

  it('reports that it may miss tables if a node is unknown', () => {
    expect(tablesWritten({ stmts: [{ stmt: { NewStmt: {} } }] }).complete).toBe(false)
    const where = { NewExpr: {} }
    const stmt = { DeleteStmt: { relation: { relname: 'a' }, whereClause: where } }
    expect(tablesWritten({ stmts: [{ stmt }] })).toEqual({ tables: ['a'], complete: false })
  })
})
