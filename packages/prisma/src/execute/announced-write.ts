import { type Change, type Schema, withActions } from '@larder/core/host'
import { argument, fieldsOf } from '../plan/argument.ts'
import type { ModelMap } from '../schema/model.ts'
import type { Announcement, Announcements } from '../transaction/announcements.ts'
import type { TransactionContext } from '../transaction/transaction-context.ts'

/** What decides which tables an operation's statements write. */
interface AnnouncedWriteDeps {
  readonly models: ModelMap
  readonly relationMode: 'foreignKeys' | 'prisma'
  /** The tables that the client writes, with their foreign keys. */
  readonly schema: Schema
}

/** A write of a model, as Prisma's hook gets it. */
interface ModelWrite {
  readonly model: string
  readonly operation: string
  readonly args: unknown
}

/** Returns what an operation of a model announces. */
export function announcedWrite(
  deps: AnnouncedWriteDeps,
  write: ModelWrite,
  changes: readonly Change[],
): Announcement {
  const operation = `${write.model}.${write.operation}`
  const announced = { operation, writes: { tables: announcedTables(deps, changes) } }
  return sendsOne(deps, write, changes) ? { ...announced, statementsLeft: 1 } : announced
}

/** How many changes the plan of an operation has whose only writing statement is of its own row. */
const CHANGES_OF_ONE: Readonly<Record<string, number>> = { create: 1, update: 1, delete: 1, upsert: 2 }

function sendsOne(
  { relationMode, models }: AnnouncedWriteDeps,
  { model, operation, args }: ModelWrite,
  changes: readonly Change[],
): boolean {
  if (relationMode === 'prisma' || CHANGES_OF_ONE[operation] !== changes.length) return false
  // A relation whose foreign key is in the row itself adds no change. Prisma may still write it by a statement of its own.
  return !['data', 'create', 'update'].some((name) =>
    fieldsOf(argument(args, name))?.some(([field]) => models.relation(model, field)),
  )
}

/**
 * Names the tables that the statements of an operation write. Under `relationMode = "prisma"` the client itself sends
 * the statements of referential actions; otherwise the database carries them out, and no statement names their tables.
 */
function announcedTables(
  { relationMode, schema }: AnnouncedWriteDeps,
  changes: readonly Change[],
): ReadonlySet<string> {
  const sent = relationMode === 'prisma' ? withActions(schema, changes) : changes
  return new Set(sent.map(({ table }) => table.toLowerCase()))
}

/** Runs the query of an operation while who watches the driver knows what it writes. */
export function announcing(
  { announcements }: { readonly announcements: Announcements | undefined },
  context: TransactionContext,
  announced: Announcement,
  query: () => Promise<unknown>,
): Promise<unknown> {
  if (!announcements) return query()
  const scope = context.kind === 'inside' ? context.root : context.kind === 'unknown' ? 'unknown' : undefined
  return announcements.during(announced, scope, query)
}
