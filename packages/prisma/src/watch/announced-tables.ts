import { type Change, type Schema, withActions } from '@larder/core/host'

/** What decides which tables an operation's statements write. */
interface AnnouncedTablesDeps {
  readonly relationMode: 'foreignKeys' | 'prisma'
  /** The tables that the client writes, with their foreign keys. */
  readonly schema: Schema
}

/**
 * Names the tables that the statements of an operation write. Under `relationMode = "prisma"` the client itself sends
 * the statements of referential actions; otherwise the database carries them out, and no statement names their tables.
 */
export function announcedTables(
  { relationMode, schema }: AnnouncedTablesDeps,
  changes: readonly Change[],
): ReadonlySet<string> {
  const sent = relationMode === 'prisma' ? withActions(schema, changes) : changes
  return new Set(sent.map(({ table }) => table.toLowerCase()))
}
