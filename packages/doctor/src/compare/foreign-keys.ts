import type { Action, ForeignKey, Schema, Table } from '@larder/core/host'
import type { CatalogueForeignKey, Relation } from '../catalogue.ts'
import type { Finding } from '../finding.ts'

/** Actions that change rows of the table that holds the key. */
const CHANGING = new Set<Action>(['cascade', 'set-null', 'set-default'])

/**
 * Foreign keys whose actions write tables that the client does not know of, and those it expects in vain. Pure.
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
    // Nobody reads it through this client.
    if (!child) continue
    for (const actual of relation.foreignKeys) {
      if (schema.tables.has(actual.table.toLowerCase())) {
        const declared = child.foreignKeys.find((key) => same(key, actual))
        findings.push(...difference(child.name, declared, actual))
      } else findings.push(...behind(schema, relations, child.name, actual))
    }
  }
  return emulated ? findings : [...findings, ...missing(schema, relations)]
}

/** Declared foreign keys that no relation of the table's name has: there may be one in each database schema. */
function missing(schema: Schema, relations: readonly Relation[]): readonly Finding[] {
  const findings: Finding[] = []
  for (const child of schema.tables.values()) {
    const own = relations.filter(({ name }) => name.toLowerCase() === child.name.toLowerCase())
    if (!own.length) continue
    for (const declared of child.foreignKeys) {
      const there = own.some(({ foreignKeys }) => foreignKeys.some((actual) => same(declared, actual)))
      if (declared.columns.length && !there) findings.push(missingKey(child, declared))
    }
  }
  return findings
}

function missingKey(child: Table, declared: ForeignKey): Finding {
  const what = `(${declared.columns.join(', ')}) is declared to reference ${declared.table}, and no constraint says so`
  const found = { code: 'foreign-key-missing', subject: child.name }
  if (isJoinTable(child))
    return {
      ...found,
      level: 'danger',
      message: `${what}: a row here may name a row of ${declared.table} that is not there yet, and when it appears, cached lists and includes through this table stay as they were`,
      fix: 'add the constraint; where the database has none on purpose, declare it (Prisma: relationMode = "prisma")',
    }
  return {
    ...found,
    level: 'note',
    message: `${what}: writes invalidate more than they need to`,
    fix: 'add the constraint, or take the reference out of the schema',
  }
}

/** True for a table whose key, or all of it, is made of foreign keys: its rows only connect others. */
function isJoinTable({ columns, keys, foreignKeys }: Table): boolean {
  const referring = new Set(foreignKeys.flatMap((key) => key.columns))
  const covers = (names: readonly string[]): boolean =>
    names.length > 0 &&
    names.every((name) => referring.has(name)) &&
    foreignKeys.filter((key) => key.columns.every((name) => names.includes(name))).length > 1
  const unique = keys.filter(({ kind }) => kind === 'primary' || kind === 'unique')
  return unique.some((key) => covers(key.columns)) || covers(columns.map(({ name }) => name))
}

function difference(
  child: string,
  declared: ForeignKey | undefined,
  actual: CatalogueForeignKey,
): readonly Finding[] {
  return EVENTS.flatMap((event): readonly Finding[] => {
    const does = actual[event]
    const expected = declared?.[event]
    // Cascade on delete is expected to remove rows whole, which covers every lesser action.
    if (!CHANGING.has(does) || does === expected || (event === 'onDelete' && expected === 'cascade'))
      return []
    // What is set on update is unknown to the cache either way, unless it is set to NULL.
    if (expected && CHANGING.has(expected) && expected !== 'set-null' && event === 'onUpdate') return []
    const words = WORDS[event]
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

const EVENTS = ['onDelete', 'onUpdate'] as const
const WORDS = { onDelete: 'ON DELETE', onUpdate: 'ON UPDATE' } as const

/**
 * Actions that reach a declared table through tables that are not declared. Nobody writes those through this client, but
 * cascades from a declared one may.
 */
function behind(
  schema: Schema,
  relations: readonly Relation[],
  child: string,
  key: CatalogueForeignKey,
): readonly Finding[] {
  return EVENTS.flatMap((event): readonly Finding[] => {
    if (!CHANGING.has(key[event])) return []
    const between: string[] = [key.table]
    for (const name of between) {
      const relation = relations.find((one) => one.name.toLowerCase() === name.toLowerCase())
      for (const next of relation?.foreignKeys ?? []) {
        // Only a cascade passes on what happened to a row.
        if (next[event] !== 'cascade') continue
        const parent = schema.tables.get(next.table.toLowerCase())
        if (parent)
          return [
            {
              level: 'danger',
              code: 'foreign-key-action',
              subject: child,
              message: `${key.name} (${key.columns.join(', ')}) is ${WORDS[event]} ${spelled(key[event])}, and through ${between.slice(0, between.indexOf(name) + 1).join(', ')}, which is not declared, it is reached from ${parent.name}: a write there changes rows here unnoticed`,
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

function spelled(action: Action): string {
  return action.toUpperCase().replace('-', ' ')
}
