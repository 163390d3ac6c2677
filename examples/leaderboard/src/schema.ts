import { doublePrecision, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'

/** A part of the window that is closed and archived. */
export const slices = pgTable('score_slice', {
  id: text().primaryKey(),
  startsAt: timestamp('starts_at', { withTimezone: true }).notNull(),
  endsAt: timestamp('ends_at', { withTimezone: true }).notNull(),
})

/** The best score of a player in a slice. */
export const scores = pgTable(
  'score',
  {
    sliceId: text('slice_id')
      .notNull()
      .references(() => slices.id, { onDelete: 'cascade' }),
    player: text().notNull(),
    points: doublePrecision().notNull(),
    /** Milliseconds since 1970. The fraction keeps the order of scores that arrived in one millisecond. */
    arrivedAt: doublePrecision('arrived_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.sliceId, table.player] })],
)
