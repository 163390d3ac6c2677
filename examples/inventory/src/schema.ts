import { integer, pgTable, primaryKey, serial, text, timestamp, uuid } from 'drizzle-orm/pg-core'

export const stock = pgTable('stock', {
  sku: text().primaryKey(),
  name: text().notNull(),
  warehouse: text().notNull(),
  quantity: integer().notNull(),
})

export const orders = pgTable('orders', {
  id: serial().primaryKey(),
  /** Chosen by the buyer's browser: a request that is sent again finds the order of the first one. */
  requestId: uuid('request_id').notNull().unique(),
  customer: text().notNull(),
  placedAt: timestamp('placed_at', { withTimezone: true }).notNull().defaultNow(),
})

export const orderLines = pgTable(
  'order_line',
  {
    orderId: integer('order_id')
      .notNull()
      .references(() => orders.id, { onDelete: 'cascade' }),
    sku: text()
      .notNull()
      .references(() => stock.sku),
    quantity: integer().notNull(),
    returned: integer().notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.orderId, table.sku] })],
)
