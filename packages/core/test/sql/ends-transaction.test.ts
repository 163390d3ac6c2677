import { expect, test } from 'vitest'
import type { SqlDialect } from '../../src/sql/dialect.ts'
import { endsTransaction } from '../../src/sql/ends-transaction.ts'
import { scanSql } from '../../src/sql/scan.ts'

type Row = [text: string, commits: 'no' | 'plainly' | 'also', dialect?: SqlDialect]

const rows: Row[] = [
  ['UPDATE a SET x = 1', 'no'],
  ['SELECT 1', 'no'],
  ['SAVEPOINT a', 'no'],
  ['ROLLBACK TO a', 'no'],
  ['ROLLBACK', 'no'],
  ['ABORT', 'no'],
  ['COMMIT', 'plainly'],
  ['END', 'plainly'],
  ['/* x */ commit;', 'plainly'],
  ["PREPARE TRANSACTION 'x'", 'plainly'],
  ['COMMIT AND CHAIN', 'also'],
  ["COMMIT PREPARED 'x'", 'also'],
  ['UPDATE a SET x = 1; DELETE FROM b', 'no'],
  ["UPDATE a SET x = '; COMMIT'; SELECT CASE WHEN y THEN 1 END FROM b", 'no'],
  ['UPDATE a SET x = 1; COMMIT', 'also'],
  ['BEGIN; UPDATE a SET x = 1; COMMIT', 'also'],
  ['COMMIT; BEGIN', 'also'],
  ['SELECT 1; ROLLBACK; UPDATE a SET x = 1', 'also'],
  ['END; SELECT 1', 'also'],
  ["SELECT 1; PREPARE TRANSACTION 'x'", 'also'],
  ["UPDATE a SET x = '", 'also'],
  ['CREATE TABLE b (x int)', 'no'],
  ['CREATE TABLE b (x int)', 'also', 'mysql'],
  ['UPDATE a SET x = 1; DELETE FROM b', 'also', 'mysql'],
  ['LOCK TABLES a WRITE', 'also', 'mysql'],
  ['UNLOCK TABLES', 'also', 'mysql'],
  ['FLUSH TABLES', 'also', 'mysql'],
  ['ANALYZE TABLE a', 'also', 'mysql'],
  ['LOCK TABLE a', 'no', 'postgres'],
  ['NOTIFY a', 'no', 'postgres'],
  ['UPDATE a SET x = 1', 'no', 'mysql'],
  ['COMMIT', 'plainly', 'mysql'],
  ['UPDATE a SET x = 1; COMMIT', 'also', 'sqlite'],
]

test.each(rows)('%s: %s', (text, commits, dialect = 'postgres') => {
  expect(endsTransaction(text, scanSql(text, dialect), dialect)).toBe(commits)
})

test.each(['COMMIT', 'UPDATE a SET x = 1', 'CREATE TABLE b (x int)', '-- x\rCOMMIT', '#\nCOMMIT'])(
  'SQL of an unknown dialect is treated as in the strictest dialect: %s',
  (text) => {
    const verdicts = (['postgres', 'mysql', 'sqlite'] as const).map((knownDialect) =>
      endsTransaction(text, scanSql(text, knownDialect), knownDialect),
    )
    const together = endsTransaction(text, scanSql(text), undefined)
    expect(together === 'no').toBe(verdicts.every((verdict) => verdict === 'no'))
  },
)
