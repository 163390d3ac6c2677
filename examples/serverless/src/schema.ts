import { integer, pgTable, text } from 'drizzle-orm/pg-core'

export const products = pgTable('serverless_product', {
  id: integer('id').primaryKey(),
  name: text('name').notNull(),
  price: integer('price').notNull(),
})
