import { integer, numeric, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core'

export const products = pgTable('shop_product', {
  id: serial().primaryKey(),
  name: text().notNull(),
  price: numeric({ precision: 10, scale: 2 }).notNull(),
  since: timestamp({ withTimezone: true }).notNull(),
})

export const reviews = pgTable('shop_review', {
  id: serial().primaryKey(),
  productId: integer('product_id')
    .notNull()
    .references(() => products.id),
  stars: integer().notNull(),
})

/** What a migration would create, and the rows that every run begins with. */
export const SQL = `
  DROP TABLE IF EXISTS shop_review, shop_product;
  CREATE TABLE shop_product (id serial PRIMARY KEY, name text NOT NULL, price numeric(10, 2) NOT NULL, since timestamptz NOT NULL);
  CREATE TABLE shop_review (id serial PRIMARY KEY, product_id int NOT NULL REFERENCES shop_product, stars int NOT NULL);
  INSERT INTO shop_product (name, price, since) VALUES ('Tea', 4.50, '2026-01-01'), ('Jam', 3, '2026-02-01');
  INSERT INTO shop_review (product_id, stars) VALUES (1, 5), (1, 4)`
