import type { ColumnType, LookupKey, Table } from '@larder/core/host'
import type { CatalogueColumn, Relation } from '../catalogue.ts'
import type { Finding } from '../finding.ts'
import { isKnown } from '../mysql/collations.ts'
import { foldsMore } from './text-keys.ts'

/** Types by which reads are tied to rows, so the database must compare them as the cache assumes. */
const PINNING = new Set<ColumnType>(['integer', 'uuid', 'boolean', 'enum', 'text', 'ascii-text'])

/** Finds lookup keys that select other rows in the database than the cache assumes. Pure. */
export function compareKeys(table: Table, relation: Relation): readonly Finding[] {
  const findings: Finding[] = []
  for (const key of table.keys) {
    if (key.kind === 'primary' || key.kind === 'unique') findings.push(...notUnique(table, relation, key))
  }
  const inKeys = new Set(table.keys.flatMap(({ columns }) => columns))
  for (const declared of table.columns) {
    if (!inKeys.has(declared.name)) continue
    const actual = relation.columns.find(({ name }) => name === declared.name)
    if (!actual) findings.push(missingColumn(table, declared.name))
    else if (PINNING.has(declared.type)) findings.push(...compareColumn(table.name, declared, actual))
  }
  return findings
}

/** A unique index over fewer columns of the key is enough. */
function notUnique(table: Table, relation: Relation, key: LookupKey): readonly Finding[] {
  if (relation.kind === 'view' || relation.kind === 'materialized-view') return []
  if (relation.uniques.some((unique) => unique.every((column) => key.columns.includes(column)))) return []
  return [
    {
      level: 'danger',
      code: 'key-not-unique',
      subject: table.name,
      message: `(${key.columns.join(', ')}) is declared ${key.kind}, but there is no unique index over all rows: if a second row has the same value, cached reads do not notice it`,
      fix: 'add the unique index (not partial, not over expressions), or remove the key from the schema',
    },
  ]
}

function compareColumn(
  subject: string,
  declared: Table['columns'][number],
  actual: CatalogueColumn,
): readonly Finding[] {
  const findings: Finding[] = []
  if (!actual.comparesAs.includes(declared.type))
    findings.push({
      level: 'danger',
      code: 'column-type',
      subject,
      message: `${declared.name} is declared as ${declared.type}, but is ${actual.type || 'without a type'}: other values may be equal in the database than the cache assumes`,
      fix: 'declare the type it has',
    })
  if (foldsMore(declared.type, actual))
    findings.push({
      level: 'danger',
      code: 'collation',
      subject,
      message: `${declared.name} has the collation ${actual.wide}, under which more texts are equal than the cache assumes${actual.collation === undefined ? '' : ' from the declared collation'}: a write by one spelling may leave reads by another stale`,
      fix:
        actual.collation === undefined
          ? 'use another collation for columns of keys (PostgreSQL: a deterministic one, or citext; SQLite: BINARY, NOCASE or RTRIM), or give the model no policy'
          : declared.type === 'text' && isKnown(actual.collation)
            ? `give collation: '${actual.collation}' to prismaCache or drizzleCache`
            : 'leave the option collation out, or give the column a collation from the list in docs/databases.md',
    })
  if (actual.hasDefault && declared.nullable && !declared.hasDefault)
    findings.push({
      level: 'danger',
      code: 'column-default',
      subject,
      message: `${declared.name} has a default in the database that is not declared: the cache assumes NULL for a row that is inserted without it`,
      fix: 'declare the default, or drop it from the database',
    })
  if (actual.changes === 'generated' && !declared.generated)
    findings.push({
      level: 'danger',
      code: 'generated-column',
      subject,
      message: `${declared.name} is generated from other columns, and not declared as generated: a write that does not name it may change it`,
      fix: 'declare it as generated (Prisma: @default(dbgenerated(…)); Drizzle: generatedAlwaysAs), or remove it from the keys',
    })
  if (actual.changes === 'on-update' && !declared.generated)
    findings.push({
      level: 'danger',
      code: 'on-update-column',
      subject,
      message: `${declared.name} is set by ON UPDATE CURRENT_TIMESTAMP, which is not declared: every update changes it`,
      fix: 'declare it (Drizzle: onUpdateNow), or remove it from the keys',
    })
  return findings
}

function missingColumn(table: Table, column: string): Finding {
  return {
    level: 'warning',
    code: 'column-missing',
    subject: table.name,
    message: `${column} is part of a declared key, but the table has no such column`,
    fix: 'run the migrations, or generate the schema again (Drizzle: check that --casing is as given to drizzle(…))',
  }
}
