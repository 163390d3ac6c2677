import { type Change, type Schema, withActions } from '@larder/core/host'
import type { Announcement } from '../transaction/announcements.ts'

/** What decides which tables an operation's statements write. */
interface AnnouncedTablesDeps {
  readonly relationMode: 'foreignKeys' | 'prisma'
  /** The tables that the client writes, with their foreign keys. */
  readonly schema: Schema
}

/** What an operation of a model announces. */
export function announcedWrite(
  deps: AnnouncedTablesDeps,
  name: string,
  operation: string,
  changes: readonly Change[],
): Announcement {
  const announced = { operation: name, writes: { tables: announcedTables(deps, changes) } }
  return sendsOne(deps, operation, changes) ? { ...announced, statementsLeft: 1 } : announced
}

/** How many changes the plan of an operation has whose only writing statement is of its own row. */
const CHANGES_OF_ONE: Readonly<Record<string, number>> = { create: 1, update: 1, delete: 1, upsert: 2 }

function sendsOne(
  { relationMode }: AnnouncedTablesDeps,
  operation: string,
  changes: readonly Change[],
): boolean {
  return relationMode === 'foreignKeys' && CHANGES_OF_ONE[operation] === changes.length
}

/**
 * Names the tables that the statements of an operation write. Under `relationMode = "prisma"` the client itself sends
 * the statements of referential actions; otherwise the database carries them out, and no statement names their tables.
 */
function announcedTables(
  { relationMode, schema }: AnnouncedTablesDeps,
  changes: readonly Change[],
): ReadonlySet<string> {
  const sent = relationMode === 'prisma' ? withActions(schema, changes) : changes
  return new Set(sent.map(({ table }) => table.toLowerCase()))
}
