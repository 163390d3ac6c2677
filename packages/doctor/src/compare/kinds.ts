import type { Schema, Table } from '@larder/core/host'
import type { Relation } from '../catalogue.ts'
import type { Finding } from '../finding.ts'

/** What kind of thing a table is: whether its rows are its own, and come and go with transactions. Pure. */
export function compareKind(table: Table, relation: Relation): readonly Finding[] {
  const subject = table.name
  if (relation.kind === 'foreign-table')
    return [
      {
        level: 'danger',
        code: 'foreign-table',
        subject,
        message: 'is a foreign table: another database writes it, and nobody tells the cache',
        fix: 'give its model no policy, or a ttl that bounds how old its reads may be',
      },
    ]
  if (relation.kind === 'virtual')
    return [
      {
        level: 'danger',
        code: 'virtual-table',
        subject,
        message:
          'is a virtual table: what it holds is up to its module, and may change without a write of it',
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
          'is a materialized view, declared as one that follows its tables: it changes when it is refreshed, and only then',
        fix: 'leave its reads out, and call cache.invalidate({ tables: [it] }) after every REFRESH',
      },
    ]
  if (relation.untransactional === undefined) return []
  return [
    {
      level: 'danger',
      code: 'no-transactions',
      subject,
      message: `is kept by ${relation.untransactional}, which knows no transactions: its rows change before COMMIT and stay changed after ROLLBACK, and the cache hears of neither; nor has it foreign keys`,
      fix: 'ALTER TABLE … ENGINE = InnoDB',
    },
  ]
}

/** A view has no rows of its own: what it reads must be declared. Pure. */
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
        message: 'is a view, and what it reads cannot be told',
        fix: 'see that its reads names all of them',
      },
    ]
  const declared = sources(table.name, (name) => schema.tables.get(name)?.reads)
  const read = sources(table.name, (name) => {
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
        ? `reads ${missing.join(', ')} too: a write there leaves its cached reads as they were`
        : `is a view of ${missing.join(', ')}, which is not declared: its reads are not cached`,
      fix: `give its policy reads: [${[...read].map((name) => `'${name}'`).join(', ')}]`,
    },
  ]
}

/** What is read in the end, through views of views. */
function sources(
  view: string,
  readsOf: (name: string) => readonly string[] | undefined,
): ReadonlySet<string> {
  const found = new Set<string>()
  const seen = new Set<string>()
  const follow = (name: string): void => {
    const reads = readsOf(name)
    if (seen.has(name)) return
    seen.add(name)
    if (!reads?.length) found.add(name)
    for (const one of reads ?? []) follow(one.toLowerCase())
  }
  follow(view)
  found.delete(view)
  return found
}

/** Rows of a partition are rows of its table: under two names, one does not hear of the other. Pure. */
export function comparePartition(schema: Schema, table: Table, relation: Relation): readonly Finding[] {
  const parent = relation.parent?.toLowerCase()
  if (parent === undefined || !schema.tables.has(parent) || parent === table.name) return []
  return [
    {
      level: 'danger',
      code: 'partition',
      subject: table.name,
      message: `holds rows of ${parent}, and both are declared: a write of one leaves cached reads of the other`,
      fix: `use ${parent} alone, or name each in the other's touches`,
    },
  ]
}
