import type { Schema, Table } from '@larder/core/host'
import type { Relation } from '../catalogue.ts'
import type { Finding } from '../finding.ts'

/** Finds tables that other systems write, or whose engine has no transactions. Pure. */
export function compareKind(table: Table, relation: Relation): readonly Finding[] {
  const subject = table.name
  if (relation.kind === 'foreign-table')
    return [
      {
        level: 'danger',
        code: 'foreign-table',
        subject,
        message: 'is a foreign table: another database writes it, and Larder does not see those writes',
        fix: 'give its model no policy, or a ttl that bounds how stale its reads may be',
      },
    ]
  if (relation.kind === 'virtual')
    return [
      {
        level: 'danger',
        code: 'virtual-table',
        subject,
        message:
          'is a virtual table: its module decides what it contains, which may change without a write to it',
        fix: 'give it no policy, or name it in the touches of every table that feeds it',
      },
    ]
  if (relation.kind === 'materialized-view' && table.reads.length)
    return [
      {
        level: 'danger',
        code: 'materialized-view',
        subject,
        message:
          'is a materialized view, but declared as a view that follows its tables: it changes only when it is refreshed',
        fix: 'remove its reads from the policy, and call cache.invalidate({ tables: […] }) after every REFRESH',
      },
    ]
  if (relation.untransactional === undefined) return []
  return [
    {
      level: 'danger',
      code: 'no-transactions',
      subject,
      message: `uses ${relation.untransactional}, which has no transactions: its rows change before COMMIT and stay changed after ROLLBACK, so cached reads may be stale. It has no foreign keys either`,
      fix: 'ALTER TABLE … ENGINE = InnoDB',
    },
  ]
}

/** Compares what a view reads with its declared `reads`. Pure. */
export function compareView(
  schema: Schema,
  relations: ReadonlyMap<string, readonly Relation[]>,
  table: Table,
  relation: Relation,
): readonly Finding[] {
  if (relation.kind !== 'view') return []
  const subject = table.name
  if (relation.reads === undefined)
    return [
      {
        level: 'warning',
        code: 'view-unseen',
        subject,
        message: 'is a view, but the database does not show what it reads',
        fix: 'check that its reads names all of its tables',
      },
    ]
  const declared = baseTables(table.name, (name) => schema.tables.get(name)?.reads)
  const read = baseTables(table.name, (name) => {
    const [first] = relations.get(name) ?? []
    return first?.kind === 'view' ? first.reads : undefined
  })
  const missing = [...read].filter((name) => !declared.has(name))
  if (!missing.length) return []
  return [
    {
      level: table.reads.length ? 'danger' : 'warning',
      code: 'view-reads',
      subject,
      message: table.reads.length
        ? `reads ${missing.join(', ')} too: a write there leaves its cached reads stale`
        : `is a view of ${missing.join(', ')}, which its policy does not declare: its reads are not cached`,
      fix: `give its policy reads: [${[...read].map((name) => `'${name}'`).join(', ')}]`,
    },
  ]
}

/** The tables that a view reads in the end, through other views. */
function baseTables(
  view: string,
  readsOf: (name: string) => readonly string[] | undefined,
): ReadonlySet<string> {
  const tables = new Set<string>()
  const visited = new Set<string>()
  const follow = (name: string): void => {
    const reads = readsOf(name)
    if (visited.has(name)) return
    visited.add(name)
    if (!reads?.length) tables.add(name)
    for (const source of reads ?? []) follow(source.toLowerCase())
  }
  follow(view)
  tables.delete(view)
  return tables
}

/** Finds a partition that is declared beside its table: a write under one name does not invalidate reads under the other. Pure. */
export function comparePartition(schema: Schema, table: Table, relation: Relation): readonly Finding[] {
  const parent = relation.parent?.toLowerCase()
  if (parent === undefined || !schema.tables.has(parent) || parent === table.name) return []
  return [
    {
      level: 'danger',
      code: 'partition',
      subject: table.name,
      message: `contains rows of ${parent}, and both are declared: a write to one leaves cached reads of the other stale`,
      fix: `use only ${parent}, or name each in the touches of the other`,
    },
  ]
}
