import type { Action, ForeignKey, Schema } from '@larder/core'
import type { CatalogueForeignKey, Relation } from './catalogue.ts'
import type { Finding } from './finding.ts'

/** Actions that change rows of the table that holds the key. */
const CHANGING = new Set<Action>(['cascade', 'set-null', 'set-default'])

/** Foreign keys whose actions write tables that the client does not know of, and those it expects in vain. Pure. */
export function compareForeignKeys(schema: Schema, relations: readonly Relation[]): readonly Finding[] {
  const findings: Finding[] = []
  for (const relation of relations) {
    const child = schema.tables.get(relation.name.toLowerCase())
    // Nobody reads it through this client.
    if (!child) continue
    for (const actual of relation.foreignKeys) {
      // Nobody writes its parent through this client.
      if (!schema.tables.has(actual.table.toLowerCase())) continue
      const declared = child.foreignKeys.find((key) => same(key, actual))
      findings.push(...difference(child.name, declared, actual))
    }
    for (const declared of child.foreignKeys)
      if (declared.columns.length && !relation.foreignKeys.some((actual) => same(declared, actual)))
        findings.push({
          level: 'note',
          code: 'foreign-key-missing',
          subject: child.name,
          message: `(${declared.columns.join(', ')}) is declared to reference ${declared.table}, and no constraint says so: writes invalidate more than they need to`,
          fix: 'add the constraint, or leave it: freshness does not depend on it',
        })
  }
  return findings
}

function difference(
  child: string,
  declared: ForeignKey | undefined,
  actual: CatalogueForeignKey,
): readonly Finding[] {
  return (['onDelete', 'onUpdate'] as const).flatMap((event): readonly Finding[] => {
    const does = actual[event]
    const expected = declared?.[event]
    // Cascade on delete is expected to remove rows whole, which covers every lesser action.
    if (!CHANGING.has(does) || does === expected || (event === 'onDelete' && expected === 'cascade'))
      return []
    // What is set on update is unknown to the cache either way, unless it is set to NULL.
    if (expected && CHANGING.has(expected) && expected !== 'set-null' && event === 'onUpdate') return []
    const words = event === 'onDelete' ? 'ON DELETE' : 'ON UPDATE'
    return [
      {
        level: 'danger',
        code: 'foreign-key-action',
        subject: child,
        message: `${actual.name} (${actual.columns.join(', ')}) is ${words} ${spelled(does)}, and ${expected ? `declared ${spelled(expected)}` : 'not declared'}: a write of ${actual.table} changes rows here unnoticed`,
        fix: `declare the relation with its ${words} ${spelled(does)}, or name ${child} in the touches of ${actual.table}`,
      },
    ]
  })
}

function same(declared: ForeignKey, actual: CatalogueForeignKey): boolean {
  return (
    declared.table.toLowerCase() === actual.table.toLowerCase() &&
    pairs(declared.columns, declared.references) === pairs(actual.columns, actual.references)
  )
}

function pairs(columns: readonly string[], references: readonly string[]): string {
  return columns
    .map((column, index) => `${column} ${references[index]}`)
    .sort()
    .join(', ')
}

function spelled(action: Action): string {
  return action.toUpperCase().replace('-', ' ')
}
