import type { Action, ForeignKey, Schema, Table } from '@larder/core/host'
import type { CatalogueForeignKey, Relation } from '../catalogue.ts'
import type { Finding } from '../finding.ts'

/** Actions that change rows of the table that holds the key. */
const CHANGING = new Set<Action>(['cascade', 'set-null', 'set-default'])

/**
 * Finds foreign keys whose actions the client does not know, and declared ones that are missing. Pure.
 * @param emulated the client carries out declared actions itself.
 */
export function compareForeignKeys(
  schema: Schema,
  relations: readonly Relation[],
  emulated: boolean,
): readonly Finding[] {
  const findings: Finding[] = []
  for (const relation of relations) {
    const child = schema.tables.get(relation.name.toLowerCase())
    // This client cannot read an undeclared table.
    if (!child) continue
    for (const actual of relation.foreignKeys) {
      if (schema.tables.has(actual.table.toLowerCase())) {
        const declared = child.foreignKeys.find((key) => same(key, actual))
        findings.push(...actionDifference(child.name, declared, actual))
      } else findings.push(...throughUndeclared(schema, relations, child.name, actual))
    }
  }
  return emulated ? findings : [...findings, ...missing(schema, relations)]
}

/** Declared foreign keys that no relation of the table's name has. There may be one relation in each database schema. */
function missing(schema: Schema, relations: readonly Relation[]): readonly Finding[] {
  const findings: Finding[] = []
  for (const child of schema.tables.values()) {
    const namesakes = relations.filter(({ name }) => name.toLowerCase() === child.name.toLowerCase())
    if (!namesakes.length) continue
    for (const declared of child.foreignKeys) {
      const exists = namesakes.some(({ foreignKeys }) => foreignKeys.some((actual) => same(declared, actual)))
      if (declared.columns.length && !exists) findings.push(missingKey(child, declared))
    }
  }
  return findings
}

function missingKey(child: Table, declared: ForeignKey): Finding {
  const what = `(${declared.columns.join(', ')}) is declared to reference ${declared.table}, but there is no such constraint`
  const about = { code: 'foreign-key-missing', subject: child.name }
  if (isJoinTable(child))
    return {
      ...about,
      level: 'danger',
      message: `${what}: a row may refer to a row of ${declared.table} that does not exist yet, and cached lists and includes through this table stay stale when it is inserted`,
      fix: 'add the constraint; if the database has none on purpose, declare that (Prisma: relationMode = "prisma")',
    }
  return {
    ...about,
    level: 'note',
    message: `${what}: writes invalidate more than they need to`,
    fix: 'add the constraint, or remove the reference from the schema',
  }
}

/** True for a table whose key or columns are all foreign keys, so that its rows only connect others. */
function isJoinTable({ columns, keys, foreignKeys }: Table): boolean {
  const referring = new Set(foreignKeys.flatMap((key) => key.columns))
  const covers = (names: readonly string[]): boolean =>
    names.length > 0 &&
    names.every((name) => referring.has(name)) &&
    foreignKeys.filter((key) => key.columns.every((name) => names.includes(name))).length > 1
  const unique = keys.filter(({ kind }) => kind === 'primary' || kind === 'unique')
  return unique.some((key) => covers(key.columns)) || covers(columns.map(({ name }) => name))
}

function actionDifference(
  child: string,
  declared: ForeignKey | undefined,
  actual: CatalogueForeignKey,
): readonly Finding[] {
  return EVENTS.flatMap((event): readonly Finding[] => {
    const does = actual[event]
    const expected = declared?.[event]
    // A declared ON DELETE CASCADE invalidates whole rows, which covers every other action.
    if (!CHANGING.has(does) || does === expected || (event === 'onDelete' && expected === 'cascade'))
      return []
    // For a declared ON UPDATE action the cache assumes unknown values, unless it is SET NULL.
    if (expected && CHANGING.has(expected) && expected !== 'set-null' && event === 'onUpdate') return []
    const words = WORDS[event]
    return [
      {
        level: 'danger',
        code: 'foreign-key-action',
        subject: child,
        message: `${actual.name} (${actual.columns.join(', ')}) is ${words} ${formatAction(does)}, but ${expected ? `declared ${formatAction(expected)}` : 'not declared'}: a write to ${actual.table} changes rows here, and cached reads of them stay stale`,
        fix: `declare the relation with its ${words} ${formatAction(does)}, or name ${child} in the touches of ${actual.table}`,
      },
    ]
  })
}

const EVENTS = ['onDelete', 'onUpdate'] as const
const WORDS = { onDelete: 'ON DELETE', onUpdate: 'ON UPDATE' } as const

/**
 * Finds actions that reach a declared table through undeclared tables. This client does not write those, but a cascade from a
 * declared table may.
 */
function throughUndeclared(
  schema: Schema,
  relations: readonly Relation[],
  child: string,
  key: CatalogueForeignKey,
): readonly Finding[] {
  return EVENTS.flatMap((event): readonly Finding[] => {
    if (!CHANGING.has(key[event])) return []
    const between: string[] = [key.table]
    for (const name of between) {
      const relation = relations.find((each) => each.name.toLowerCase() === name.toLowerCase())
      for (const next of relation?.foreignKeys ?? []) {
        // Only a cascade passes a change on to the next table.
        if (next[event] !== 'cascade') continue
        const parent = schema.tables.get(next.table.toLowerCase())
        if (parent)
          return [
            {
              level: 'danger',
              code: 'foreign-key-action',
              subject: child,
              message: `${key.name} (${key.columns.join(', ')}) is ${WORDS[event]} ${formatAction(key[event])}, and through ${between.slice(0, between.indexOf(name) + 1).join(', ')}, which is not declared, a write to ${parent.name} reaches it: rows here change, and cached reads of them stay stale`,
              fix: `declare ${name} too, or name ${child} in the touches of ${parent.name}`,
            },
          ]
        if (!between.includes(next.table)) between.push(next.table)
      }
    }
    return []
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

function formatAction(action: Action): string {
  return action.toUpperCase().replace('-', ' ')
}
