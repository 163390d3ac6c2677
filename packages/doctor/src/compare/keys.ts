import type { ColumnType, LookupKey, Table } from '@larder/core/host'
import type { CatalogueColumn, Relation } from '../catalogue.ts'
import type { Finding } from '../finding.ts'
import { isKnown } from '../mysql/collations.ts'
import { foldsMore } from './text-keys.ts'

/** Types by which a read can be tied to its rows: how the database compares them must be known. */
const PINNING = new Set<ColumnType>(['integer', 'uuid', 'boolean', 'enum', 'text', 'ascii-text'])

/** What makes a lookup key name other rows than the database means by it. Pure. */
export function compareKeys(table: Table, relation: Relation): readonly Finding[] {
  const findings: Finding[] = []
  for (const key of table.keys) {
    if (key.kind === 'primary' || key.kind === 'unique') findings.push(...notUnique(table, relation, key))
  }
  const inKeys = new Set(table.keys.flatMap(({ columns }) => columns))
  for (const declared of table.columns) {
    if (!inKeys.has(declared.name)) continue
    const actual = relation.columns.find(({ name }) => name === declared.name)
    if (!actual) findings.push(columnMissing(table, declared.name))
    else if (PINNING.has(declared.type)) findings.push(...compareColumn(table.name, declared, actual))
  }
  return findings
}

/** A smaller unique index is stricter still. */
function notUnique(table: Table, relation: Relation, key: LookupKey): readonly Finding[] {
  if (relation.kind === 'view' || relation.kind === 'materialized-view') return []
  if (relation.uniques.some((unique) => unique.every((column) => key.columns.includes(column)))) return []
  return [
    {
      level: 'danger',
      code: 'key-not-unique',
      subject: table.name,
      message: `(${key.columns.join(', ')}) is declared ${key.kind}, and no unique index over all rows says so: a second row of one value would go unnoticed`,
      fix: 'add the unique index (not partial, not over expressions), or take the key out of the schema',
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
      message: `${declared.name} is declared ${declared.type}, and is ${actual.type || 'without a type'}: what it equals may differ`,
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
      message: `${declared.name} has a default in the database and none that is declared: a row inserted without it is taken for one with NULL there`,
      fix: 'declare the default, or drop it in the database',
    })
  if (actual.changes === 'generated' && !declared.generated)
    findings.push({
      level: 'danger',
      code: 'generated-column',
      subject,
      message: `${declared.name} is generated from other columns and not declared so: a write that does not name it may change it`,
      fix: 'declare it as generated (Prisma: @default(dbgenerated(…)); Drizzle: generatedAlwaysAs), or take it out of the keys',
    })
  if (actual.changes === 'on-update' && !declared.generated)
    findings.push({
      level: 'danger',
      code: 'on-update-column',
      subject,
      message: `${declared.name} is set by ON UPDATE CURRENT_TIMESTAMP, and not declared so: any update changes it`,
      fix: 'declare it (Drizzle: onUpdateNow), or take it out of the keys',
    })
  return findings
}

function columnMissing(table: Table, column: string): Finding {
  return {
    level: 'warning',
    code: 'column-missing',
    subject: table.name,
    message: `${column} is part of a declared key, and the table has no such column`,
    fix: 'run the migrations, or generate the schema anew (Drizzle: is casing what drizzle(…) was given?)',
  }
}
