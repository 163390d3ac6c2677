import type { ColumnType, LookupKey, Table } from '@larder/core'
import type { CatalogueColumn, Relation } from './catalogue.ts'
import type { Finding } from './finding.ts'

/** Types of the database that compare as a declared one does. */
const SAME: Readonly<Partial<Record<ColumnType, RegExp>>> = {
  integer: /^(?:smallint|integer|bigint|int\d?|tinyint|mediumint|oid)\b/,
  uuid: /^uuid$/,
  boolean: /^boolean$/,
  text: /^(?:text|citext|name|character varying|character|varchar|char|bpchar)\b/,
}
const PINNING = new Set<ColumnType>(['integer', 'uuid', 'boolean', 'enum', 'text'])

/** What makes a lookup key name other rows than the database means by it. Pure. */
export function compareKeys(table: Table, relation: Relation): readonly Finding[] {
  const findings: Finding[] = []
  for (const key of table.keys) {
    if (key.kind === 'primary' || key.kind === 'unique') findings.push(...notUnique(table, relation, key))
  }
  const inKeys = new Set(table.keys.flatMap(({ columns }) => columns))
  for (const declared of table.columns) {
    if (!inKeys.has(declared.name) || !PINNING.has(declared.type)) continue
    const actual = relation.columns.find(({ name }) => name === declared.name)
    findings.push(
      ...(actual ? compareColumn(table.name, declared, actual) : [columnMissing(table, declared.name)]),
    )
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
  const same =
    declared.type === 'enum'
      ? actual.isEnum || SAME.text?.test(actual.type)
      : SAME[declared.type]?.test(actual.type)
  if (!same)
    findings.push({
      level: 'danger',
      code: 'column-type',
      subject,
      message: `${declared.name} is declared ${declared.type}, and is ${actual.type}: what it equals may differ`,
      fix: 'declare the type it has',
    })
  if (actual.nondeterministic && declared.type === 'text')
    findings.push({
      level: 'danger',
      code: 'collation',
      subject,
      message: `${declared.name} has a nondeterministic collation: more texts are equal to each other than the cache believes`,
      fix: 'use a deterministic collation (or citext) for columns of keys, or give the model no policy',
    })
  if (actual.generated && !declared.generated)
    findings.push({
      level: 'danger',
      code: 'generated-column',
      subject,
      message: `${declared.name} is generated from other columns and not declared so: a write that does not name it may change it`,
      fix: 'declare it as generated (Prisma: @default(dbgenerated(…))), or take it out of the keys',
    })
  return findings
}

function columnMissing(table: Table, column: string): Finding {
  return {
    level: 'warning',
    code: 'column-missing',
    subject: table.name,
    message: `${column} is part of a declared key, and the table has no such column`,
    fix: 'run the migrations, or generate the schema anew',
  }
}
