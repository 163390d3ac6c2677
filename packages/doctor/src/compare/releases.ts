import type { Action, LookupKey, Schema, Table } from '@larder/core/host'
import type { Finding } from '../finding.ts'

const CHANGING = new Set<Action>(['cascade', 'set-null', 'set-default'])
const FIX = (table: string): string =>
  `deploy the schema first, in a release that gives ${table} no policy, and the policy in the release after`

/**
 * Finds what a rolling deploy can make stale while both releases run on one store. Each release invalidates what its own
 * schema says its writes change, and the other may cache more. Pure.
 * @param previous the tables of the release that runs.
 * @param next the tables of the release that replaces it.
 * @example
 * ```ts
 * import { compareReleases, report } from '@larder/doctor'
 * import { tablesOf } from '@larder/prisma'
 *
 * declare const previousDatamodel: typeof datamodel // of the release that runs
 * console.log(report(compareReleases(tablesOf(previousDatamodel), tablesOf(datamodel))))
 * ```
 */
export function compareReleases(previous: Schema, next: Schema): readonly Finding[] {
  return [
    ...missedBy('previous', previous, next),
    // Old processes still read what the new release writes, also after a rollback.
    ...missedBy('next', next, previous),
  ]
}

/** What `reader` caches, but writes through `writer` do not invalidate. */
function missedBy(name: string, writer: Schema, reader: Schema): readonly Finding[] {
  return [...reader.tables.values()].flatMap((table) => [
    ...cascades(name, writer, table),
    ...keys(name, writer, table),
    ...touches(name, writer, table),
  ])
}

/** Actions that change rows of `child` when the writer, which does not know them, writes the referenced table. */
function cascades(name: string, { tables }: Schema, child: Table): readonly Finding[] {
  const table = tables.get(child.name.toLowerCase())
  return child.foreignKeys.flatMap((key): readonly Finding[] => {
    if (!tables.has(key.table.toLowerCase())) return []
    const same = table?.foreignKeys.find(
      (each) =>
        each.table.toLowerCase() === key.table.toLowerCase() &&
        columnsOf(each.columns) === columnsOf(key.columns),
    )
    const unseen = (['onDelete', 'onUpdate'] as const).filter(
      (event) => CHANGING.has(key[event]) && key[event] !== same?.[event] && same?.[event] !== 'cascade',
    )
    if (!unseen.length) return []
    const what = table
      ? `does not know that action of (${key.columns.join(', ')})`
      : 'does not know the table'
    return [
      {
        level: 'danger',
        code: 'release-cascade',
        subject: child.name,
        message: `changes with ${key.table}, but the ${name} release ${what}: its writes to ${key.table} leave cached reads of ${child.name} stale`,
        fix: FIX(child.name),
      },
    ]
  })
}

/** Keys by which the reader ties reads to rows, but the writer does not invalidate. */
function keys(name: string, { tables }: Schema, table: Table): readonly Finding[] {
  const known = tables.get(table.name.toLowerCase())
  if (!known) return []
  const findings: Finding[] = []
  const there = new Set(known.keys.map(({ columns }) => columnsOf(columns)))
  const absent = table.keys.filter(({ columns }) => !there.has(columnsOf(columns)))
  if (absent.length)
    findings.push({
      level: 'danger',
      code: 'release-key',
      subject: table.name,
      message: `has keys that the ${name} release does not know, ${absent.map(formatKey).join(', ')}: its writes leave cached reads by them stale`,
      fix: FIX(table.name),
    })
  const inKeys = new Set(table.keys.flatMap(({ columns }) => columns))
  const retyped = table.columns.filter((column) => {
    const other = known.columns.find((each) => each.name === column.name)
    return other && inKeys.has(column.name) && other.type !== column.type
  })
  if (retyped.length)
    findings.push({
      level: 'danger',
      code: 'release-key',
      subject: table.name,
      message: `has another type for ${retyped.map((column) => column.name).join(', ')}, which is part of a key, in the ${name} release: the releases use different tags for its rows`,
      fix: FIX(table.name),
    })
  return findings
}

/** Tables that triggers write and only the reader declares. */
function touches(name: string, { tables }: Schema, table: Table): readonly Finding[] {
  const known = tables.get(table.name.toLowerCase())
  const declared = known?.touches.map((each) => each.toLowerCase()) ?? []
  const missing = table.touches.filter((each) => !declared.includes(each.toLowerCase()))
  if (!known || !missing.length) return []
  return [
    {
      level: 'danger',
      code: 'release-touches',
      subject: table.name,
      message: `declares that its triggers write ${missing.join(', ')}, but not in the ${name} release: a write to it there leaves cached reads of those tables stale`,
      fix: `deploy the touches first, in a release that gives ${missing.join(', ')} no policy`,
    },
  ]
}

function columnsOf(columns: readonly string[]): string {
  return [...columns].sort().join(', ')
}

function formatKey({ columns }: LookupKey): string {
  return `(${columns.join(', ')})`
}
