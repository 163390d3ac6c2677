// The tables that the examples of the documentation use.
import { relations } from 'drizzle-orm'
import { integer, numeric, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core'

export const categories = pgTable('category', {
  id: serial().primaryKey(),
  slug: text().notNull().unique(),
  name: text().notNull(),
})
export const products = pgTable('product', {
  id: serial().primaryKey(),
  sku: text().notNull().unique(),
  name: text().notNull(),
  price: numeric().notNull(),
  views: integer().notNull().default(0),
  categoryId: integer('category_id').references(() => categories.id),
})
export const counterBatches = pgTable('counter_batch', {
  id: text().primaryKey(),
  appliedAt: timestamp('applied_at').notNull().defaultNow(),
})
export const stock = pgTable('stock', {
  id: serial().primaryKey(),
  sku: text().notNull().unique(),
  quantity: integer().notNull(),
})
export const users = pgTable('user', {
  id: serial().primaryKey(),
  email: text().notNull().unique(),
  name: text().notNull(),
})
export const posts = pgTable('post', {
  id: serial().primaryKey(),
  title: text().notNull(),
  authorId: integer('author_id')
    .notNull()
    .references(() => users.id),
  deletedAt: timestamp('deleted_at'),
})
export const orders = pgTable('order', {
  id: serial().primaryKey(),
  userId: integer('user_id')
    .notNull()
    .references(() => users.id),
})
export const productsRelations = relations(products, ({ one }) => ({
  category: one(categories, { fields: [products.categoryId], references: [categories.id] }),
}))
export const categoriesRelations = relations(categories, ({ many }) => ({ products: many(products) }))
export const usersRelations = relations(users, ({ many }) => ({ posts: many(posts), orders: many(orders) }))
export const postsRelations = relations(posts, ({ one }) => ({
  author: one(users, { fields: [posts.authorId], references: [users.id] }),
}))
export const ordersRelations = relations(orders, ({ one }) => ({
  user: one(users, { fields: [orders.userId], references: [users.id] }),
}))
