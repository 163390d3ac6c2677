import type { Schema, Table } from '@larder/core'
import type { Catalogue, Relation } from './catalogue.ts'
import { compareForeignKeys } from './compare-foreign-keys.ts'
import { compareKeys } from './compare-keys.ts'
import type { Finding } from './finding.ts'

/** Every difference between what a client was told of its tables and what the database says of them. Pure. */
export function compare(schema: Schema, catalogue: Catalogue): readonly Finding[] {
  const named = byName(catalogue.relations)
  const findings: Finding[] = []
  for (const table of schema.tables.values()) {
    const [relation, ...others] = named.get(table.name.toLowerCase()) ?? []
    if (!relation) {
      findings.push({
        level: 'warning',
        code: 'table-missing',
        subject: table.name,
        message: 'is declared, and the database has no such table or view',
        fix: 'run the migrations, or generate the schema anew',
      })
      continue
    }
    if (others.length) findings.push(sameName(table, [relation, ...others]))
    findings.push(...compareKind(table, relation), ...compareWriters(table, relation))
    findings.push(...compareKeys(table, relation), ...comparePartition(schema, table, relation))
  }
  return [...findings, ...compareForeignKeys(schema, catalogue.relations)]
}

function byName(relations: readonly Relation[]): ReadonlyMap<string, readonly Relation[]> {
  const named = new Map<string, Relation[]>()
  for (const relation of relations) {
    const name = relation.name.toLowerCase()
    named.set(name, [...(named.get(name) ?? []), relation])
  }
  return named
}

function sameName(table: Table, relations: readonly Relation[]): Finding {
  return {
    level: 'note',
    code: 'same-name',
    subject: table.name,
    message: `exists in several schemas: ${relations.map(({ schema }) => schema).join(', ')}; the first was compared`,
    fix: 'make sure that it is the one the client uses: tags are named after the table alone, without its schema',
  }
}

/** A view has no rows of its own: what it reads must be declared. */
function compareKind(table: Table, relation: Relation): readonly Finding[] {
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
  if (relation.kind !== 'view') return []
  const missing = relation.reads.filter((name) => !table.reads.includes(name.toLowerCase()))
  if (!missing.length) return []
  return [
    {
      level: table.reads.length ? 'danger' : 'warning',
      code: 'view-reads',
      subject,
      message: table.reads.length
        ? `reads ${missing.join(', ')} too: a write there leaves its cached reads as they were`
        : `is a view of ${missing.join(', ')}, which is not declared: its reads are not cached`,
      fix: `give its policy reads: [${relation.reads.map((name) => `'${name}'`).join(', ')}]`,
    },
  ]
}

/** Whatever changes rows without being a statement of the client's. */
function compareWriters(table: Table, relation: Relation): readonly Finding[] {
  const subject = table.name
  const findings: Finding[] = []
  for (const { name, runs } of relation.triggers)
    findings.push({
      level: table.touches.length ? 'note' : 'danger',
      code: 'trigger',
      subject,
      message: `has the trigger ${name}, which runs ${runs}${table.touches.length ? ` (declared to write ${table.touches.join(', ')})` : ', and nothing is declared of what it writes'}`,
      fix: 'name the tables it writes in the policy’s touches: the table itself, too, if it changes other columns of the row',
    })
  for (const rule of relation.rules)
    findings.push({
      level: 'danger',
      code: 'rule',
      subject,
      message: `has the rewrite rule ${rule}: statements may write other tables than they say`,
      fix: 'name the tables in the policy’s touches, or use a trigger',
    })
  if (relation.subscribed)
    findings.push({
      level: 'danger',
      code: 'subscription',
      subject,
      message: 'is filled by logical replication: those writes pass the cache by',
      fix: 'give its model no policy, or a ttl that bounds how old its reads may be',
    })
  if (relation.rowSecurity)
    findings.push({
      level: 'warning',
      code: 'row-security',
      subject,
      message:
        'has row-level security: what a read returns depends on the role or on settings of the session',
      fix: 'give createCache a scope that tells the roles or tenants apart, with requireScope: true',
    })
  return findings
}

/** Rows of a partition are rows of its table: under two names, one does not hear of the other. */
function comparePartition(schema: Schema, table: Table, relation: Relation): readonly Finding[] {
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
