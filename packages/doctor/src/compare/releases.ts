import type { Action, LookupKey, Schema, Table } from '@larder/core/host'
import type { Finding } from '../finding.ts'

const CHANGING = new Set<Action>(['cascade', 'set-null', 'set-default'])
const FIX = (table: string): string =>
  `deploy the schema first, in a release that gives ${table} no policy, and the policy in the release after`

/**
 * What a rolling deploy can make stale while both releases run on one store: each invalidates what it knows to be changed
 * by its writes, and the other may cache more. Pure.
 * @param previous the tables of the release that runs, `next`: of the one that takes its place.
 */
export function compareReleases(previous: Schema, next: Schema): readonly Finding[] {
  return [
    ...unknownTo('previous', previous, next),
    // A rollback, or an old process that still reads what the new release writes.
    ...unknownTo('next', next, previous),
  ]
}

/** What `reader` caches and writes through `writer` do not invalidate. */
function unknownTo(name: string, writer: Schema, reader: Schema): readonly Finding[] {
  return [...reader.tables.values()].flatMap((table) => [
    ...cascades(name, writer, table),
    ...keys(name, writer, table),
    ...touches(name, writer, table),
  ])
}

/** Actions that change rows of `child` when the writer, who does not know of them, writes the table referred to. */
function cascades(name: string, { tables }: Schema, child: Table): readonly Finding[] {
  const known = tables.get(child.name.toLowerCase())
  return child.foreignKeys.flatMap((key): readonly Finding[] => {
    if (!tables.has(key.table.toLowerCase())) return []
    const same = known?.foreignKeys.find(
      (one) =>
        one.table.toLowerCase() === key.table.toLowerCase() &&
        columnsOf(one.columns) === columnsOf(key.columns),
    )
    const unseen = (['onDelete', 'onUpdate'] as const).filter(
      (event) => CHANGING.has(key[event]) && key[event] !== same?.[event] && same?.[event] !== 'cascade',
    )
    if (!unseen.length) return []
    const what = known ? `does not know that (${key.columns.join(', ')}) of it` : 'does not know it: its rows'
    return [
      {
        level: 'danger',
        code: 'release-cascade',
        subject: child.name,
        message: `changes with ${key.table}, and the ${name} release ${what} follow: a write of ${key.table} there leaves cached reads of ${child.name} as they were`,
        fix: FIX(child.name),
      },
    ]
  })
}

/** Keys by which the one finds rows and the other does not invalidate. */
function keys(name: string, { tables }: Schema, table: Table): readonly Finding[] {
  const known = tables.get(table.name.toLowerCase())
  if (!known) return []
  const found: Finding[] = []
  const there = new Set(known.keys.map(({ columns }) => columnsOf(columns)))
  const absent = table.keys.filter(({ columns }) => !there.has(columnsOf(columns)))
  if (absent.length)
    found.push({
      level: 'danger',
      code: 'release-key',
      subject: table.name,
      message: `has keys that the ${name} release does not know, ${absent.map(spelled).join(', ')}: its writes leave cached reads by them as they were`,
      fix: FIX(table.name),
    })
  const inKeys = new Set(table.keys.flatMap(({ columns }) => columns))
  const retyped = table.columns.filter((column) => {
    const other = known.columns.find((one) => one.name === column.name)
    return other && inKeys.has(column.name) && other.type !== column.type
  })
  if (retyped.length)
    found.push({
      level: 'danger',
      code: 'release-key',
      subject: table.name,
      message: `has another type in the ${name} release for ${retyped.map((column) => column.name).join(', ')}, which is part of a key: the releases name its rows by different values`,
      fix: FIX(table.name),
    })
  return found
}

/** Tables that triggers write, as only the reader declares. */
function touches(name: string, { tables }: Schema, table: Table): readonly Finding[] {
  const known = tables.get(table.name.toLowerCase())
  const declared = known?.touches.map((one) => one.toLowerCase()) ?? []
  const missing = table.touches.filter((one) => !declared.includes(one.toLowerCase()))
  if (!known || !missing.length) return []
  return [
    {
      level: 'danger',
      code: 'release-touches',
      subject: table.name,
      message: `is declared to write ${missing.join(', ')} by its triggers, and not so in the ${name} release: a write of it there leaves cached reads of these as they were`,
      fix: `deploy the touches first, in a release that gives ${missing.join(', ')} no policy`,
    },
  ]
}

function columnsOf(columns: readonly string[]): string {
  return [...columns].sort().join(', ')
}

function spelled({ columns }: LookupKey): string {
  return `(${columns.join(', ')})`
}
