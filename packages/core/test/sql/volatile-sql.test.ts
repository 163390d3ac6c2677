import { describe, expect, it } from 'vitest'
import { volatileSql, volatileValue } from '../../src/sql/volatile-sql.ts'

describe('SQL whose result depends on its tables alone', () => {
  it.each([
    'SELECT id, name FROM t WHERE id = $1',
    'SELECT count(*), max(price) FROM t GROUP BY a HAVING sum(b) > 1',
    'WITH x AS MATERIALIZED (SELECT 1) SELECT * FROM x WHERE a IN (1, 2) AND (b OR c)',
    "SELECT 'random()' FROM t -- now()",
    'SELECT /* now() */ lower(name) FROM t',
    'SELECT row_number() OVER (PARTITION BY a ORDER BY b) FROM t',
    "SELECT CAST('1' AS numeric(10, 2)), 'fine today' FROM t",
    "SELECT a FROM t WHERE tags @> '{a}' AND tags <@ $1 AND mail = 'a@b.c' AND doc @@ to_tsquery($2)",
  ])('%s', (sql) => {
    expect(volatileSql(sql, 'postgres')).toBeUndefined()
    expect(volatileSql(sql)).toBeUndefined()
  })
})

describe('SQL whose result may change without a write', () => {
  it.each([
    ['SELECT now()', 'now'],
    ['SELECT now /* … */ ()', 'now'],
    ['SELECT random() FROM t', 'random'],
    ['SELECT my_function(id) FROM t', 'my_function'],
    ['SELECT schema.my_function(id) FROM t', 'my_function'],
    ['SELECT "Quoted"(1)', 'quoted'],
    ['SELECT `quoted` (1)', 'quoted'],
    ['SELECT current_date', 'current_date'],
    ['SELECT * FROM t TABLESAMPLE SYSTEM (1)', 'tablesample'],
    ["SELECT 'now'::timestamptz", 'now'],
    ["SELECT date ' TODAY '", 'now'],
    ["SELECT timestamp '10:00 today'", 'now'],
    ["SELECT a FROM t WHERE at = ANY ('{2020-01-01,now}'::timestamp[])", 'now'],
    ['SELECT $$now$$::timestamptz', 'now'],
    ['SELECT time()', 'time'],
    ['SELECT time($1)', 'time'],
    ['SELECT utc_timestamp', 'utc_timestamp'],
    ['SELECT UTC_DATE > d FROM t', 'utc_date'],
    ['SELECT @rank FROM t', 'session variable'],
    ['SELECT a, @@timestamp FROM t', 'session variable'],
    ["SELECT 'open", 'quote'],
    ['EXPLAIN SELECT 1', 'explain'],
    ['SHOW work_mem', 'show'],
  ])('%s', (sql, why) => {
    expect(volatileSql(sql, 'postgres')).toContain(why)
  })
})

describe('a parameter', () => {
  it.each([
    'now',
    ' TODAY',
    'tomorrow 12:00',
    '04:05 yesterday',
    '[today,tomorrow)',
    '{now,"2020-01-01"}',
    ['a', 'now'],
  ])('that PostgreSQL may read as a relative point in time: %j', (value) =>
    expect(volatileValue(value)).toBe(true),
  )
  it.each(['nowhere', 'know now', 5, null, undefined, new Date(), '2020-01-01', `now ${'x'.repeat(200)}`])(
    'that has the same meaning every day: %j',
    (value) => expect(volatileValue(value)).toBe(false),
  )
})
